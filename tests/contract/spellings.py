"""One text in several spellings, and in which of them it is found: by any spelling, any."""

TEXTS = {  # by name: title and text; each spelling finds each other (`SPELLINGS`)
    "verb-zwnj": ("الف", "این کار می‌شود یا نه"),
    "verb-joined": ("ب", "این کار ميشود یا نه"),
    "verb-apart": ("پ", "این کار می شود یا نه"),
    "name-joined": ("ت", "آقای پورمحمدی گفت"),
    "name-apart": ("ث", "آقای پور محمدى گفت"),
    "name-zwnj": ("ج", "آقای پور‌محمدی گفت"),
    "plural-zwnj": ("چ", "گورهای دسته‌جمعی خاوران‌ها"),
    "plural-joined": ("ح", "گورهاي دستهجمعي خاورانها"),
    "plural-apart": ("خ", "گور های دسته جمعی خاوران ها"),
    "kaf-arabic": ("د", "كشتار سال ١٣٦٧"),
    "kaf-persian": ("ذ", "کشتار سال ۱۳۶۷"),
    "kaf-latin": ("ر", "کُشتارِ سال 1367"),
    "hamza-full": ("ز", "مسئولان رئیس قضائیه"),
    "hamza-none": ("ژ", "مسوولان رییس قضاییه"),
    "latin-marks": ("s", "Ebrahim Raïsí à Genève"),
    "latin-plain": ("t", "Ebrahim Ra'isi a Geneve"),
    "latin-apart": ("u", "Mostafa Pour Mohammadi spoke"),
    "latin-hyphen": ("v", "Mostafa Pour-Mohammadi spoke"),
    "latin-joined": ("w", "Mostafa Pourmohammadi spoke"),
    "chinese": ("伊朗", "德黑兰政治犯大屠杀三十周年"),
    "thai": ("x", "การสังหารหมู่นักโทษการเมือง"),
}
VERB = ["verb-apart", "verb-joined", "verb-zwnj"]
NAME = ["name-apart", "name-joined", "name-zwnj"]
PLURAL = ["plural-apart", "plural-joined", "plural-zwnj"]
YEAR = ["kaf-arabic", "kaf-latin", "kaf-persian"]
LATIN = ["latin-apart", "latin-hyphen", "latin-joined"]
SPELLINGS = [
    *[(one, VERB) for one in ("می‌شود", "میشود", "می شود", "ميشود", '"می شود"', '"می‌شود"')],
    *[(one, NAME) for one in ("پورمحمدی", "پور محمدی", "پور‌محمدي", '"پور محمدی"', "پورمحمدى گفت")],
    *[(one, PLURAL) for one in ("خاوران‌ها", "خاورانها", "خاوران ها", "دسته‌جمعی", "دستهجمعي")],
    *[(one, PLURAL) for one in ("گورهای", "گور های", "گور‌هاي دسته جمعی")],
    *[(one, YEAR) for one in ("کشتار ۱۳۶۷", "كشتار ١٣٦٧", "کشتار 1367", "کُشتار", '"سال ۱۳۶۷"')],
    *[(one, ["hamza-full", "hamza-none"]) for one in ("مسئولان", "مسوولان", "رییس", "رئيس")],
    *[(one, ["latin-marks", "latin-plain"]) for one in ("raisi", "Raïsi", "RA'ISI", "Genève")],
    *[(one, LATIN) for one in ("pourmohammadi", "pour mohammadi", "Pour-Mohammadi")],
    *[(one, ["chinese"]) for one in ("屠杀", "政治犯", "大屠杀 德黑兰", "杀", "伊朗")],
    ("สังหารหมู่", ["thai"]),
    ("屠伊", []),
]  # fmt: skip
