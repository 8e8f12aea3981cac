"""How sites head and label their furniture, by kind and language. Data.

Phrases are compared without case, accents, punctuation and the differences of Persian and
Arabic letters. An entry "on its own" means a line that says nothing else.

- TEASERS   "read also": one headline or some, often in the middle of an article.
- LISTS     "related articles": headlines, perhaps with excerpts, mostly at the end.
- ALONE     as LISTS, but too ordinary a word to be trusted before a colon.
- OPEN      as LISTS, and the line goes on: "More from our correspondents".
- TAGS      labels of the article. CAPTIONS, BYLINES: what stands at a picture, who wrote.
- ENDS      comments and trackbacks: nothing of the article's own comes after.
- LABELS    before a colon and a headline: "Explainer: Who is ...".
- ABOUT     the outlet or the author on themselves.
- SHARE     on its own or before a colon. ASKS: however the line goes on.
"""

from __future__ import annotations

# A language follows upon another: en, fa, ar, fr, de, sv, es, it, no and da, nl, pt, tr, ru.
TEASERS = """
read also; also read; read more; read next; also see; more on this story; more on this topic;
keep reading; continue reading; read the full story; read the full article; read our full story;
don't miss; in case you missed it; must read; click here to read; related story; related article;
بیشتر بخوانید; همچنین بخوانید; این را هم بخوانید; این مطلب را هم بخوانید; در همین زمینه بخوانید;
بیشتر ببینید; همچنین ببینید; ادامه مطلب; ادامه خبر; در این باره بخوانید; بیشتر بدانید;
از این نویسنده بخوانید;
اقرأ أيضا; إقرأ أيضا; اقرأ المزيد; اقرأوا أيضا; شاهد أيضا; طالع أيضا; تابع القراءة; اقرئي أيضا;
موضوع ذو صلة;
lire aussi; à lire aussi; lire également; à lire également; lire la suite; voir aussi;
à voir aussi;
à écouter aussi; en savoir plus; pour aller plus loin; à ne pas manquer; lisez aussi;
lesen sie auch; lesen sie mehr; lesen sie hier; lesen sie dazu; lies auch; mehr dazu; mehr lesen;
weiterlesen; auch lesenswert; das könnte sie auch interessieren; hier lesen;
läs också; läs även; läs mer; se också; se även; läs hela; missa inte; läs vidare;
lea también; lee también; lea además; leer también; leer más; lea más; te puede interesar;
le puede interesar; vea también; ver también; no te pierdas; también puedes leer; sigue leyendo;
leggi anche; leggi di più; leggi tutto; vedi anche; guarda anche; per approfondire;
continua a leggere;
les også; les mer; se også; læs også; læs mere;
lees ook; lees meer; lees verder; zie ook; bekijk ook;
leia também; leia mais; veja também; saiba mais; ayrıca okuyun; bunu da okuyun; devamını oku;
читайте также; читать далее; смотрите также; подробнее по теме;
"""

LISTS = """
see also; related; related articles; related posts; related stories; related news;
related content;
related topics; related links; related reading; more stories; more news; you may also like;
you might also like; you may be interested in; recommended for you; recommended articles;
recommended stories; most read; most popular; popular posts; trending now; latest news;
latest stories; latest articles; latest posts; recent posts; recent articles; editor's picks;
editors' picks; top stories; top news; other news; other stories; previous article; next article;
previous post; next post; most shared; most viewed; most commented; also in this issue;
also on our site; from the archive; from our archives; sponsored content; around the web;
from the web; what to read next;
further reading; similar articles; similar stories; more like this; from our archive; up next;
مطالب مرتبط; خبرهای مرتبط; اخبار مرتبط; مطالب پیشنهادی; پیشنهاد ما; پربیننده‌ترین; پربازدیدترین;
پربازدیدها;
آخرین اخبار; تازه‌ترین خبرها; تازه‌ترین‌ها; مرتبط; در همین زمینه; در همین باره; از همین نویسنده;
مطالب دیگر; سایر اخبار;
خبرهای دیگر; گزارش‌های مرتبط; شاید بپسندید; پرخواننده‌ترین; پرخواننده‌ترین‌ها; مطلب قبلی;
مطلب بعدی; داغ‌ترین‌ها; از آرشیو; مهم‌ترین خبرها; مهم‌ترین اخبار; پربحث‌ترین‌ها; پیشنهاد سردبیر;
مواضيع ذات صلة; مقالات ذات صلة; أخبار ذات صلة; الأكثر قراءة; الأكثر تداولا; من الأرشيف;
الأكثر مشاهدة; آخر الأخبار; قد يعجبك أيضا;
قد يهمك أيضا; مواضيع مشابهة; أخبار متعلقة; مقالات مشابهة; اخترنا لك; موضوعات متعلقة;
المقال السابق; المقال التالي;
articles liés; articles similaires; sur le même sujet; dans la même rubrique; les plus lus;
le plus lu;
à la une; à découvrir; vous aimerez aussi; nos recommandations; dernières nouvelles;
derniers articles;
sur le même thème; article précédent; les plus partagés; notre dossier; de nos archives;
article suivant; les plus lues; pour approfondir;
mehr zum thema; zum thema; auch interessant; meistgelesen; meist gelesen; aus dem archiv;
meistgelesene artikel; verwandte artikel;
ähnliche artikel; ähnliche beiträge; weitere artikel; weitere nachrichten; weitere themen;
das könnte sie interessieren; empfohlene artikel; aktuelle nachrichten; neueste beiträge;
siehe auch;
vorheriger artikel; nächster artikel; lesetipps; mehr aus dem ressort;
relaterat; relaterade artiklar; mer om ämnet; mest läst; mest delat; ur arkivet; från arkivet;
mest lästa; senaste nytt; fler artiklar;
rekommenderat; mer i ämnet; liknande artiklar; andra läser; läs fler artiklar; föregående artikel;
nästa artikel;
relacionadas; noticias relacionadas; artículos relacionados; relacionado; lo más leído;
lo más visto; del archivo; más leídas;
más noticias; últimas noticias; otras noticias; contenido relacionado; recomendado;
temas relacionados;
artículo anterior; artículo siguiente; entradas relacionadas;
articoli correlati; correlati; notizie correlate; i più letti; dall'archivio; più letti;
ultime notizie; altre notizie;
potrebbe interessarti; ti potrebbe interessare; potrebbe interessarti anche; articolo precedente;
articolo successivo;
relaterte saker; relaterte artikler; mest lest; siste nytt; flere saker; andre leste;
relaterede artikler;
mest læste; seneste nyt;
gerelateerd; gerelateerde artikelen; meer over dit onderwerp; meest gelezen; laatste nieuws;
anderen lazen ook; meer nieuws; aanbevolen;
artigos relacionados; notícias relacionadas; mais lidas; ilgili haberler; en çok okunanlar;
по теме;
самое читаемое; похожие статьи; последние новости;
"""

ALONE = """
recommended; popular; trending; latest; previous; next; sponsored; featured; archives;
advertisement;
پیشنهادی; تبلیغات; à lire; publicité; empfohlen; anzeige; annons; destacados; pubblicità;
consigliati;
reklame; anbefalt; advertentie; إعلان; المزيد;
"""

OPEN = """
more from; more on; more in; more about; mehr von; mehr aus; mehr zu; mer från; mer om;
más sobre; altro su; altri articoli di; meer van; meer over; mer fra; all posts by;
view all posts;
read all articles by; tous les articles de; alle beiträge von; alle artikel von;
"""

TAGS = """
tags; tag; topics; keywords; filed under; posted in; tagged; tagged with; tagged as; categories;
category; hashtags; post tags;
برچسب‌ها; برچسب; برچسب‌های خبر; کلیدواژه‌ها; کلیدواژه; کلمات کلیدی; واژه‌های کلیدی; تگ‌ها;
موضوعات; دسته‌بندی; هشتگ‌ها;
وسوم; الوسوم; كلمات مفتاحية; كلمات دلالية; الكلمات الدلالية; الكلمات المفتاحية;
الكلمات الدالة; كلمات دالة; تصنيفات; علامات;
mots-clés; mot-clé; étiquettes; thèmes; classé sous; classé dans; publié dans;
schlagwörter; schlagworte; schlagwort; stichworte; stichwörter; themen; kategorien; kategorie;
taggar; etiketter; ämnen; nyckelord; ämnesord;
etiquetas; temas; palabras clave; archivado en; categorías; argomenti; parole chiave; etichette;
emneord; stikkord; nøkkelord; emner; trefwoorden; onderwerpen; labels; palavras-chave; etiketler;
теги; метки;
"""

ENDS = """
comments; comment; leave a comment; leave a reply; leave a response; post a comment;
add a comment;
write a comment; join the conversation; join the discussion; view comments; show comments;
thoughts on; thought on; one thought on; responses to; response to; one response to; no comments;
no comments yet; be the first to comment; your email address will not be published;
comments are closed;
reader comments; your comment; trackbacks; trackback; trackback url; pingbacks; pingback;
trackbacks pingbacks; comments and trackbacks; cancel reply;
دیدگاه‌ها; دیدگاه; دیدگاه شما; نظرات; نظر; نظر شما; نظرات شما; نظرات کاربران; ارسال نظر;
ارسال دیدگاه; نظر دهید;
نظر بدهید; دیدگاهتان را بنویسید; دیدگاه خود را بنویسید; نظر خود را بنویسید;
نشانی ایمیل شما منتشر نخواهد شد; لغو پاسخ;
پاسخی بگذارید; دیدگاهی بنویسید;
التعليقات; تعليقات; تعليق; اترك تعليقا; اترك تعليقك; اترك ردا; أضف تعليقا; أضف تعليق;
لن يتم نشر عنوان بريدك الإلكتروني;
commentaires; commentaire; laisser un commentaire; laissez un commentaire; vos commentaires;
ajouter un commentaire; poster un commentaire; votre adresse e-mail ne sera pas publiée;
rétroliens;
kommentare; schreibe einen kommentar; schreiben sie einen kommentar; kommentar schreiben;
kommentar hinterlassen; hinterlasse einen kommentar; diskutieren sie mit; leserkommentare;
deine e-mail-adresse wird nicht veröffentlicht; antwort abbrechen;
kommentarer; lämna ett svar; lämna en kommentar; skriv en kommentar; kommentera;
din e-postadress kommer inte publiceras; avbryt svar;
comentarios; deja un comentario; deja una respuesta; dejar un comentario; comenta;
tu dirección de correo electrónico no será publicada; cancelar la respuesta;
commenti; lascia un commento; lascia una risposta; il tuo indirizzo email non sarà pubblicato;
legg igjen en kommentar; legg igjen et svar; kommentarfelt; skriv et svar; efterlad en kommentar;
reacties; geef een reactie; laat een reactie achter; plaats een reactie;
je e-mailadres wordt niet gepubliceerd;
comentários; deixe um comentário; deixe uma resposta; yorumlar; комментарии; добавить комментарий;
"""

ABOUT = """
about us; about the author; about the authors; about the writer; about this site; who we are;
our mission; contact us; media contact; media contacts; press contact; disclaimer; terms of use;
privacy policy; about author; about the distributor; about the publisher; about the company;
about the organisation; about the organization; about the foundation; about the newspaper;
about the agency; about the website; about the campaign; about the centre; about the center;
درباره ما; درباره نویسنده; درباره سایت; درباره این رسانه; درباره این سایت; تماس با ما; من نحن;
عن الكاتب; نبذة عن الكاتب; اتصل بنا;
عن الموقع;
à propos de l'auteur; à propos de nous; à propos de l'autrice; qui sommes-nous;
à propos du diffuseur; à propos de l'association; contact presse;
contacts presse; mentions légales; politique de confidentialité; nous contacter;
über uns; über den autor; über den verein; über die organisation; über den herausgeber;
über die autorin; zum autor; zur autorin; pressekontakt; impressum;
datenschutzerklärung; om oss; om författaren; om skribenten; kontakta oss; integritetspolicy;
presskontakt;
sobre el autor; sobre la autora; sobre nosotros; acerca del autor; quiénes somos;
contacto de prensa;
aviso legal; política de privacidad; chi siamo; sull'autore; informazioni sull'autore;
contatti stampa;
om forfatteren; om os; over de auteur; over ons; perscontact; sobre o autor; quem somos;
hakkımızda; о нас; об авторе;
"""

LABELS = """
video; watch; listen; in pictures; vidéo; à voir; à écouter; en images; ویدیو; ویدئو; فیلم; فيديو;
explainer; explained; from the archive; from the archives; from our archives; also on our site;
also in this issue;
also on this site; also in the news; dossier; our dossier; podcast; gallery; photo gallery;
photo essay; slideshow; quiz;
long read; longread; interactive; timeline; analysis; opinion; profile; background; factbox;
in depth; live blog;
recommended; special report; our series; video report; documentary; review; event; events;
از آرشیو; از بایگانی; پرونده; پرونده ویژه; تحلیل; یادداشت; پادکست; گالری; گالری عکس; گزارش تصویری;
گزارش ویژه; مستند; ببینید; بشنوید;
بخوانید; پیشنهاد; پیشنهاد سردبیر; گزارش ویدیویی; چهره; معرفی; تماشا کنید; ویژه; در همین سایت;
من الأرشيف; ملف; ملف خاص; تحليل; رأي; بودكاست; شاهد; استمع; اقرأ; معرض الصور; وثائقي; تقرير مصور;
بروفايل; خلفية; للمزيد; طالع;
notre dossier; dossier spécial; décryptage; analyse; archives; de nos archives; entretien;
portrait; podcast;
récit; reportage; tribune; enquête; diaporama; repères; à relire;
hintergrund; porträt; aus dem archiv; unser dossier; kommentar; bildergalerie; fotostrecke;
interview; zum nachlesen;
ur arkivet; från arkivet; bakgrund; fördjupning; bildspel; krönika; debatt; intervju; grafik;
del archivo; de nuestro archivo; análisis; perfil; opinión; especial; nuestro especial;
entrevista; galería; fotogalería;
dall'archivio; approfondimento; il nostro dossier; speciale; il ritratto; analisi; opinione;
intervista; galleria;
fra arkivet; bakgrunn; kommentaar; achtergrond; uit het archief; analyse; arquivo; perfil;
"""

# "About NAME", and then a text that begins with NAME: an outlet or a body on itself.
ABOUT_NAME = """
about; à propos de; über; om; sobre; acerca de; over; درباره; درباره‌ی; عن; نبذة عن;
informazioni su;
"""

SHARE = """
share; share this; share this article; share this post; share this story; share via; share with;
share on; follow us; follow us on; tweet; print; email; email this; like this; click to share;
print this page; copy link; facebook; twitter; whatsapp; telegram; listen to this article;
loading;
اشتراک‌گذاری; به اشتراک بگذارید; هم‌رسانی; ارسال به دوستان; ما را دنبال کنید; لینک کوتاه;
کپی لینک; بازنشر;
مشاركة; شارك; شارك هذا; شارك المقال; تابعنا; تابعونا; طباعة; نسخ الرابط;
partager; partager sur; partagez; partager cet article; suivez-nous; imprimer; copier le lien;
teilen; artikel teilen; folgen sie uns; drucken; link kopieren; dela; dela artikeln; följ oss;
skriv ut;
compartir; comparte; compartir en; síguenos; imprimir; condividi; condividi su; seguici; stampa;
del; del saken; følg oss; delen; deel; deel dit artikel; volg ons; compartilhar; paylaş;
поделиться;
"""

ASKS = """
sign up for; sign up to; sign up here; subscribe to; subscribe now; subscribe today; get our;
join our newsletter; join our telegram; join us on; get the latest; support our work;
support our journalism; support us; become a member; donate now; newsletter; our newsletter;
عضویت در خبرنامه; خبرنامه; مشترک شوید; در تلگرام دنبال کنید; به کانال تلگرام; کانال تلگرام ما;
اشترك في; اشترك الآن;
النشرة البريدية; انضم إلى قناتنا; النشرة الإخبارية;
abonnez-vous; inscrivez-vous à; recevez notre; soutenez-nous; faites un don; notre newsletter;
abonnieren sie; jetzt abonnieren; newsletter abonnieren; melden sie sich; unterstützen sie uns;
jetzt spenden;
prenumerera på; anmäl dig till; stöd oss; vårt nyhetsbrev; nyhetsbrev;
suscríbete a; suscríbase a; suscríbete; apóyanos; nuestro boletín; iscriviti alla; iscriviti;
sostienici;
meld deg på; abonner på; støtt oss; tilmeld dig; schrijf je in; meld je aan; abonneer je;
steun ons;
assine nossa; подпишитесь на;
"""

CONSENT = """
we use cookies; this website uses cookies; this site uses cookies; accept cookies;
accept all cookies;
cookie settings; cookie policy; by continuing to use this site; we and our partners;
این وب‌سایت از کوکی; ما از کوکی; سایت ما از کوکی; نستخدم ملفات تعريف الارتباط; يستخدم هذا الموقع;
nous utilisons des cookies; ce site utilise des cookies; diese website verwendet cookies;
wir verwenden cookies; wir und unsere partner; vi använder cookies; webbplatsen använder cookies;
utilizamos cookies; este sitio utiliza cookies; usiamo i cookie; questo sito utilizza;
vi bruker cookies;
vi bruger cookies; wij gebruiken cookies; deze website gebruikt cookies;
"""

COPYRIGHT = """
copyright; all rights reserved; tous droits réservés; alle rechte vorbehalten; alla rättigheter;
todos los derechos reservados; tutti i diritti riservati; alle rettigheter;
alle rechten voorbehouden;
کلیه حقوق; تمامی حقوق; تمام حقوق; جميع الحقوق محفوظة; حقوق النشر محفوظة;
"""

CAPTIONS = """
file photo; photo; photos; photo credit; image; images; image credit; image source; picture;
caption;
file picture; graphic; getty images;
عکس; عکس آرشیوی; تصویر; تصویر آرشیوی; عکاس; صورة; صورة أرشيفية; الصورة;
photo d'archives; crédit photo; crédits photo; légende; sur la photo; nella foto; en la foto;
im bild; auf dem foto; på bilden;
foto; fotos; archivfoto; archivbild; symbolbild; bild; bilder; arkivbild; bildtext; arkivfoto;
genrebild;
foto de archivo; imagen; imagen de archivo; pie de foto; foto d'archivio; immagine; bilde;
billede;
beeld; archieffoto; fotoğraf; фото;
"""

BYLINES = """
reporting by; additional reporting by; editing by; writing by; written by; posted by;
published by;
translated by; compiled by; author; story by; words by;
نویسنده; به قلم; مترجم; بقلم; الكاتب; إعداد; ترجمة;
publié par; écrit par; auteur; traduit par; rédigé par; autor; autorin; veröffentlicht von;
geschrieben von;
författare; publicerad av; skriven av; escrito por; publicado por; traducido por; scritto da;
pubblicato da;
skrevet av; publisert av; skrevet af; geschreven door; gepubliceerd door;
"""

# Before a name and nothing else.
BY = "by; par; von; av; af; por; di; door"

# Lines of a menu; some of them in a row make all the row a menu.
MENU = """
home; news; world; politics; sport; sports; business; opinion; culture; video; videos; contact;
login;
log in; sign in; menu; search; about; iran; middle east; human rights; english; skip to content;
back to top;
خانه; صفحه اصلی; اخبار; سیاسی; سیاست; ورزش; ورزشی; جهان; ایران; فرهنگ; اقتصاد; اقتصادی; جامعه;
تماس; جستجو; منو;
الرئيسية; أخبار; سياسة; رياضة; اقتصاد; ثقافة; بحث; القائمة; العالم; إيران;
accueil; actualités; monde; politique; économie; rechercher; connexion; startseite; nachrichten;
politik;
wirtschaft; kultur; suche; anmelden; hem; nyheter; sök; logga in; världen; ekonomi; inicio;
noticias;
mundo; política; economía; buscar; notizie; mondo; cultura; cerca; accedi; hjem; verden;
voorpagina;
nieuws; wereld; zoeken;
"""

SOCIAL = """
facebook twitter x whatsapp telegram email e mail mail linkedin instagram pinterest reddit print
copy link
share tweet youtube rss tumblr messenger viber skype bluesky mastodon threads pocket line
فیسبوک توییتر تلگرام واتساپ اینستاگرام ایمیل فيسبوك تويتر تلغرام واتساب
"""

# What leads in a list of the article's own, if no colon does.
LEADS_IN = """
following follows below named suivants suivantes suivant folgende folgenden folgt följande
siguientes
siguiente seguenti seguente følgende volgende زیر ذیل عبارتند التالية التالي الآتية
"""

# Labels in capitals that begin an article of its own.
NEWS = """
breaking update updated urgent exclusive correction live eilmeldung korrektur urgente ultimora
direct rättelse
"""

# How publishing systems end an entry of their feeds: it repeats the title and says nothing.
# (beginning, what stands between the title and the site); "" begins anyhow.
FEED_TAILS = (
    ("The post ", " appeared first on "),
    ("The post ", " first appeared on "),
    ("L'article ", " est apparu en premier sur "),
    ("L’article ", " est apparu en premier sur "),
    ("Cet article ", " est apparu en premier sur "),
    ("Der Beitrag ", " erschien zuerst auf "),
    ("Inlägget ", " dök först upp på "),
    ("La entrada ", " se publicó primero en "),
    ("La entrada ", " aparece primero en "),
    ("L'articolo ", " proviene da "),
    ("L’articolo ", " proviene da "),
    ("L'articolo ", " sembra essere il primo su "),
    ("L’articolo ", " sembra essere il primo su "),
    ("Het bericht ", " verscheen eerst op "),
    ("Het bericht ", " is geplaatst op "),
    ("Innlegget ", " ble først utgitt på "),
    ("Innlegget ", " dukket først opp på "),
    ("Indlægget ", " blev først udgivet på "),
    ("Indlægget ", " udkom først på "),
    ("O post ", " apareceu primeiro em "),
    ("O conteúdo ", " aparece primeiro em "),
    ("Сообщение ", " появились сначала на "),
    ("Запись ", " впервые появилась "),
    ("Artykuł ", " pochodzi z serwisu "),
    ("نوشته ", " اولین بار در "),
    ("نوشته ", " برای اولین بار در "),
    ("پست ", " اولین بار در "),
    ("ظهرت المقالة ", " أولاً على "),
    ("ظهرت المقالة ", " أولا على "),
    ("المقالة ", " ظهرت أولاً على "),
)  # fmt: skip


def phrases(said: str) -> list[str]:
    """The phrases of a table above."""
    return [phrase.strip() for phrase in said.replace("\n", ";").split(";") if phrase.strip()]
