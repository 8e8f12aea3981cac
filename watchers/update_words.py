"""Words by which a change of facts is told from a change of wording, folded when used. Data.

A class a line: "killed" for "slain" says the same, "killed" for "injured" does not. The
languages are those of the watchlist: en fa ar fr de sv es it.
"""

from __future__ import annotations

# Says that something is not so, or who says it.
DENIALS = {
    "not": "not no never none neither nor without cannot isnt wasnt arent werent didnt doesnt "
    "dont wont hasnt havent couldnt wouldnt pas jamais aucun aucune sans nicht kein keine "
    "keinen keiner nie niemals ohne inte aldrig ingen inga utan ej ningun ninguna nunca jamas "
    "sin non nessuno nessuna senza نه نیست نبود نیستند نبودند هرگز هیچ بدون نکرد نشد نکرده نشده "
    "نداد ندارد نداشت لا لم لن ليس ليست لیس لیست غير دون بلا",
    "denied": "deny denies denied denying denial nie nier niee démenti dément dementi "
    "dementiert bestreitet bestritt leugnet förnekar förnekade dementerar niega negó negaron "
    "desmiente desmintió nega negato smentisce smentito تکذیب انکار نفی ينفي نفى نفت أنكر إنكار",
    "said to be": "alleged allegedly reportedly purported suspected claims claimed claim "
    "présumé présumée présumés mutmaßlich mutmaßliche mutmaßlichen mutmaßlicher angeblich "
    "angebliche misstänkt misstänkta påstådd påstådda presunto presunta presuntos supuesto "
    "supuesta presunti ادعا ادعای ادعایی مدعی گفته‌شده يزعم زعم مزعوم المزعوم المزعومة",
    "confirmed": "confirm confirms confirmed confirme confirmé confirmée bestätigt bestätigte "
    "bekräftar bekräftade confirma confirmó conferma confermato تایید تأیید يؤكد أكد أكدت",
}
# What was done: a word of one class for one of another, or with it gone, is another fact.
DEEDS = {
    "killed": "killed kills slain dead death deaths died executed execution hanged hanging tué "
    "tués tuée mort morts morte exécuté exécutés getötet tot tote toten hingerichtet gehängt "
    "dödad dödade död döda avrättad avrättade muerto muertos muerta ejecutado ejecutados ucciso "
    "uccisi morto morti giustiziati کشته جان‌باخته اعدام قتل أعدم إعدام قتلى",
    "injured": "injured wounded hurt blessé blessés verletzt verletzte verletzten skadad "
    "skadade herido heridos ferito feriti زخمی مجروح جرحى أصيب",
    "missing": "missing disappeared disparu disparus vermisst verschwunden försvunnen försvunna "
    "desaparecido desaparecidos scomparso scomparsi ناپدید مفقود مفقودون",
    "arrested": "arrested arrests arrest detained detains arrêté arrêtés arrêtée interpellé "
    "festgenommen verhaftet gripen gripna anhållen häktad detenido detenidos arrestado "
    "arrestati arrestato fermato بازداشت دستگیر اعتقل اعتقال",
    "released": "released frees freed acquittal libéré libérés relâché freigelassen entlassen "
    "frigiven frigivna släppt liberado liberados puesto scarcerato liberato آزاد أفرج إفراج",
    "convicted": "convicted convicts guilty sentenced condamné condamnés coupable verurteilt "
    "schuldig dömd döms dömdes skyldig condenado condenados culpable condannato condannati "
    "colpevole محکوم مجرم أدين إدانة",
    "acquitted": "acquitted acquits innocent cleared acquitté acquittés freigesprochen "
    "unschuldig frikänd frias friad absuelto absueltos inocente assolto assolti innocente تبرئه "
    "بی‌گناه بريء براءة",
    "charged": "charged charges indicted accused accuses accuse inculpé accusé angeklagt "
    "beschuldigt åtalad åtalas acusado acusados imputado accusato accusati متهم اتهام كيفرخواست "
    "اتهم",
    "upheld": "upheld upholds uphold confirmé bestätigt fastställer fastställde confirmada "
    "confermata ابرام أيد",
    "overturned": "overturned overturns quashed annulled annulé cassé aufgehoben upphävd "
    "upphävde anulado anulada annullata نقض لغو ألغى ألغت",
    "approved": "approved approves adopted adopts passed passes backed backs supports supported "
    "accepted adopté adoptée approuvé angenommen verabschiedet gebilligt antog antagen godkände "
    "aprobó aprobado aprobada adoptó approvato approvata تصویب موافقت أقر وافق اعتمد",
    "rejected": "rejected rejects refused refuses voted-down dismissed opposes opposed rejeté "
    "rejetée refusé abgelehnt zurückgewiesen avslog avvisade rechazó rechazado respinto "
    "respinta رد مخالفت رفض رفضت",
    "postponed": "postponed adjourned delayed delays reporté reportée ajourné verschoben "
    "vertagt uppskjuten skjuts aplazado aplazada rinviato rinviata تعویق أرجئ تأجيل",
    "cancelled": "cancelled canceled cancels scrapped annulé annulée abgesagt inställd ställs "
    "cancelado cancelada annullato لغو إلغاء",
    "withdrawn": "withdrawn withdraws withdrew retracted retracts dropped retiré retirée retire "
    "zurückgezogen zurückgenommen tillbakadragen drar retirado retirada retiró ritirato "
    "ritirata پس‌گرفت حذف سحب سحبت",
    "resigned": "resigned resigns quit démissionné zurückgetreten avgått avgår dimitió dimesso "
    "استعفا استقال",
    "appointed": "appointed appoints elected nommé nommée élu ernannt gewählt utsedd nombrado "
    "elegido nominato eletto منصوب انتخاب عين انتخب",
    "life": "life lebenslang lebenslange livstid perpétuité perpetua ergastolo ابد مؤبد",
    "first": "first premier première erste ersten erster första primer primero primera primo "
    "prima نخستین اولین أول أولى",
    "last": "last final dernier dernière letzte letzten último última ultimo ultima آخرین أخير",
    "more": "more mehr mer fler más più بیشتر أكثر",
    "less": "less fewer moins weniger mindre färre menos meno کمتر أقل",
    "north": "north northern nord norden norte شمال شمالی",
    "south": "south southern sud süd süden söder meridional جنوب جنوبی",
    "east": "east eastern ost osten öster شرق شرقی",
    "west": "west western ouest westen väster oeste ovest غرب غربی",
}
DAYS = {
    "monday": "monday lundi montag måndag måndagen lunes lunedì دوشنبه الاثنين الإثنين",
    "tuesday": "tuesday mardi dienstag tisdag tisdagen martes martedì سه‌شنبه الثلاثاء",
    "wednesday": "wednesday mercredi mittwoch onsdag onsdagen miércoles mercoledì چهارشنبه "
    "الأربعاء",
    "thursday": "thursday jeudi donnerstag torsdag torsdagen jueves giovedì پنجشنبه الخميس",
    "friday": "friday vendredi freitag fredag fredagen viernes venerdì جمعه الجمعة",
    "saturday": "saturday samedi samstag sonnabend lördag lördagen sábado sabato شنبه السبت",
    "sunday": "sunday dimanche sonntag söndag söndagen domingo domenica یکشنبه الأحد",
    "january": "january jan janvier januar januari enero gennaio ژانویه دی يناير كانون",
    "february": "february feb février februar februari febrero febbraio فوریه بهمن فبراير شباط",
    "march": "märz marzo مارس اسفند آذار",
    "april": "april apr avril abril aprile آوریل فروردین أبريل نيسان",
    "may": "maj mayo maggio اردیبهشت مايو أيار",
    "june": "june jun juin juni junio giugno ژوئن خرداد يونيو حزيران",
    "july": "july jul juillet juli julio luglio ژوئیه جولای تیر يوليو تموز",
    "august": "august aug août augusti agosto اوت مرداد أغسطس",
    "september": "september sept sep septembre septiembre settembre سپتامبر شهریور سبتمبر أيلول",
    "october": "october oct octobre oktober octubre ottobre اکتبر مهر أكتوبر تشرين",
    "november": "november nov novembre noviembre نوامبر آبان نوفمبر",
    "december": "december dec décembre dezember diciembre dicembre دسامبر آذر ديسمبر",
}
# Places in the scripts that have no capitals; elsewhere a capital tells a name.
PLACES = """
تهران مشهد اصفهان شیراز تبریز اهواز الأهواز رشت قم کرج کرمان کرمانشاه همدان زنجان اراک یزد ساری
گرگان سمنان بابل دزفول آبادان زاهدان ارومیه سنندج ایلام بوشهر بندرعباس خوزستان کردستان گیلان
مازندران لرستان خراسان فارس اوین إيفين گوهردشت خاوران طهران شيراز أصفهان تبريز ایران إيران سوئد
السويد استکهلم آلمان ألمانيا برلین فرانسه فرنسا پاریس باريس لندن بریتانیا بريطانيا آمریکا أمريكا
واشنگتن واشنطن کانادا كندا ژنو جنيف سوئیس سويسرا بلژیک بلجيكا بروکسل بروكسل هلند هولندا لاهه لاهاي
ایتالیا إيطاليا رم روما اسپانیا إسبانيا اتریش النمسا وین فيينا نروژ النرويج دانمارک الدنمارك
آلبانی ألبانيا عراق العراق ترکیه تركيا استرالیا أستراليا
"""
# Of no weight by themselves: articles, prepositions, pronouns, forms of "to be" and "to have".
SMALL = """
the and but for from with that this these those there their they them his her its was were are
been has have had who whom which what when where while than then also such into onto over under
upon about after before during between among against through per via will would shall said says
say told tells according added adds les des une dans pour par sur avec que qui dont est sont était
ont été aux ces cette leur leurs son ses selon déclaré indiqué plus der die das den dem des ein
eine einer einen einem und oder von vom zum zur mit auf aus bei nach über unter für als auch ist
sind war waren wurde wurden hat haben sich dass sie ihr ihre sein seine sagte och att det den som
för med till från har hade var är blev vid efter över under sade enligt los las del una unos unas
por para con que como fue fueron han son está según dijo gli dei delle della nel nella con per che
sono è stato stati stata ha hanno secondo detto از به در با که این آن را و یا برای تا هم نیز بر
است بود شد شده می های ها خود وی او گفت اعلام کرد کرده کرده‌است من في على إلى عن مع التي الذي أن إن
كان كانت هذا هذه ذلك قد وقد قال قالت وقال بعد قبل كما
"""
# Before a surname: what follows a change of them is a name in scripts without capitals.
ADDRESS = """
آقای خانم دکتر مهندس آیت‌الله حجت‌الاسلام سردار قاضی السيد السيدة الدكتور القاضي الشيخ آية
"""
# In German nouns have capitals too: one behind these is no name.
GERMAN_BEFORE_NOUNS = """
der die das den dem des ein eine einer einen einem eines kein keine keinen zum zur im am vom beim
ins diese dieser dieses diesen jede jeder sein seine seiner seinen ihr ihre ihrer ihren mehrere
viele alle
"""

# Begins, or stands in, a text or a title that was corrected or carried on.
MARKS = """
corrected; correction; corrections; corrects; correcting; update; updated; updates; refile;
refiles; clarification; clarifies; retraction; retracted; recasts; rectificatif; rectification;
correctif; erratum; mise à jour; actualisé; actualisation; korrektur; korrigiert; korrigierte;
korrigierte fassung; aktualisiert; aktualisierung; richtigstellung; berichtigung; rättelse;
rättat; uppdaterad; uppdatering; uppdaterat; korrigering; corrección; corregido; corrige; fe de
errores; actualización; actualizado; actualizada; rectificación; correzione; corretto; rettifica;
errata corrige; aggiornamento; aggiornato; اصلاحیه; اصلاح; اصلاح شد; اصلاح شده; تصحیح; تکذیبیه;
به‌روز شد; به‌روزرسانی; بروزرسانی; به‌روز شده; تصحيح; تحديث; توضيح; استدراك; محدث
"""
# In a sentence of the text, wherever it stands.
SAYS_CORRECTED = """
earlier version of this; previous version of this; this article was amended; this article has
been; this story was amended; this story has been; has been corrected; have been corrected; was
corrected; has been updated; was amended on; editor s note; version précédente de cet; a été
corrigé; a été modifié; note de la rédaction; früheren version; früheren fassung; wurde
korrigiert; in einer ersten version; tidigare version av; har rättats; har korrigerats; versión
anterior de este; ha sido corregido; ha sido corregida; versione precedente di questo; è stato
corretto; è stata corretta; نسخه پیشین این; نسخه قبلی این; در نسخه پیشین; تصحیح شد; اصلاح شد;
اصلاح شده است; نسخة سابقة من هذا; تم تصحيح; جرى تصحيح
"""
# Sentences of no substance: "Read more", "More to follow", who edited it.
EMPTY_BEGINNINGS = """
read more; read also; read the full; read on; continue reading; click here; more to follow; more
follows; this is a developing; this is a breaking; developing story; follow us; subscribe; sign
up; share this; the post; reporting by; additional reporting; editing by; writing by; compiled by;
join our; our standards; all rights reserved; copyright; support our; donate; photo; image; file
photo; lire la suite; lire aussi; en savoir plus; suivez nous; partager; abonnez vous; l article;
weiterlesen; mehr dazu; mehr zum thema; lesen sie; folgen sie; läs mer; läs också; läs även; följ
oss; dela; leer más; seguir leyendo; lea también; síguenos; suscríbase; compartir; leggi tutto;
leggi anche; continua a leggere; seguici; condividi; ادامه مطلب; ادامه خبر; بیشتر بخوانید; بیشتر
بدانید; همچنین بخوانید; ما را دنبال; به اشتراک; عضو شوید; اقرأ المزيد; اقرأ أيضا; للمزيد; تابعونا;
شارك; اشترك
"""
# A line with one of these, and otherwise with figures and little else, counts time or readers.
COUNTERS = """
published; posted; updated; modified; last; ago; min; mins; minute; minutes; hour; hours; day;
days; second; seconds; read; views; view; comments; comment; shares; share; likes; like; am; pm;
gmt; utc; cet; est; est; edt; at; on; by; of; the; today; yesterday; publié; mis; à; jour; il; y;
a; heures; heure; jours; jour; minutes; modifié; le; vues; commentaires; lecture; veröffentlicht;
vor; stunden; stunde; minuten; tagen; uhr; stand; aktualisiert; kommentare; publicerad;
uppdaterad; sedan; timmar; timme; minuter; kl; kommentarer; publicado; hace; horas; hora; minutos;
actualizado; comentarios; pubblicato; fa; ore; ora; minuti; commenti; منتشر; شد; شده; انتشار;
تاریخ; ساعت; دقیقه; پیش; روز; به‌روزرسانی; آخرین; بازدید; نظر; نظرات; دیدگاه; کد; خبر; نشر; منذ;
ساعات; دقائق; دقيقة; تعليقات; مشاهدة; آخر; تحديث
"""
KICKERS = """
breaking; breaking news; live; live blog; exclusive; video; watch; photos; pictures; analysis;
explainer; opinion; interview; report; news; urgent; alert; vidéo; direct; en direct; exclusif;
reportage; eilmeldung; liveblog; exklusiv; bericht; senaste nytt; just nu; direkt; urgente; última
hora; en vivo; exclusiva; ultima ora; diretta; esclusiva; فوری; ویدئو; ویدیو; زنده; اختصاصی; عاجل;
مباشر; فيديو; حصري
"""
