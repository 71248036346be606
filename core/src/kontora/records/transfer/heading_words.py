"""What columns are called, per field path: English, Russian and Ukrainian, and other programs'.

A heading is compared in small letters with signs taken out (`E-mail 1 - Value` is `e mail value`,
`FirstName` is `first name`, ё is е). Numbers and places (work, home …) are parted before.
"""

from __future__ import annotations

# English first, then Russian, then Ukrainian; the bar parts the names.
_TABLE = {
    "given": (
        "given|given name|first name|first|firstname|forename|name first|fname",
        "имя|имя контакта",
        "ім я|імя|ім'я",
    ),
    "family": (
        "family|family name|last name|last|lastname|surname|second name|name last|lname",
        "фамилия",
        "прізвище",
    ),
    "middle": (
        "middle|middle name|additional name|patronymic|other names",
        "отчество",
        "по батькові|побатькові",
    ),
    "display_name": (
        "display name|name|full name|fullname|contact|contact name|account|account name",
        "customer|customer name|client|client name|partner|organisation name official|file as",
        "contact person|contact full name|person",
        "фио|ф и о|полное имя|имя и фамилия|фамилия имя отчество|контакт|клиент|заказчик",
        "контрагент|название|наименование|контактное лицо|фамилия имя",
        "піб|п і б|прізвище ім'я по батькові|прізвище ім я по батькові|повне ім'я|повне ім я",
        "контакт|клієнт|замовник|назва|найменування|контактна особа",
    ),
    "legal_name": (
        "legal name|registered name|official name",
        "юридическое название|полное наименование|юридическое лицо",
        "юридична назва|повна назва|повне найменування",
    ),
    "email": (
        "email|e mail|mail|email address|e mail address|mail address|e mail value|electronic mail",
        "почта|эл почта|электронная почта|емейл|имейл|мейл|адрес электронной почты|e mail адрес",
        "пошта|ел пошта|електронна пошта|імейл|адреса електронної пошти",
    ),
    "phone": (
        "phone|phone number|telephone|telephone number|tel|mobile|mobile phone|mobile number|cell",
        "cell phone|cellphone|phone value|callback|car phone|pager|pager number|radio phone",
        "main phone|contact number|contact no|contact tel|mob|mobil|direct line|direct dial",
        "моб тел|сот тел|моб номер|мобильный номер|контактный номер|номер мобильного",
        "номер мобильного телефона|сотовый телефон|номер сотового|телефон мобильный",
        "моб телефон|мобільний номер|контактний номер|номер мобільного телефону",
        "номер мобільного|телефон мобільний",
        "телефон|тел|номер телефона|мобильный|мобильный телефон|сотовый|контактный телефон|моб",
        "телефоны|моб телефон",
        "телефон|номер телефону|мобільний|мобільний телефон|контактний телефон|телефони",
    ),
    "fax": ("fax|fax number|telefax", "факс|номер факса", "факс|номер факсу"),
    "web": (
        "web|website|web site|web page|homepage|url|site|www|website value|internet address",
        "сайт|веб сайт|адрес сайта|вебсайт",
        "сайт|вебсайт|веб сторінка",
    ),
    "messenger": (
        "messenger|telegram|skype|viber|whatsapp|im|icq|screen name|signal|im value",
        "мессенджер|телеграм",
        "месенджер",
    ),
    "social": ("social|linkedin|facebook|twitter|instagram|vk", "соцсеть|соцсети", "соцмережа"),
    "birth_date": (
        "birth date|birthdate|birthday|date of birth|dob|birth year|birth month|birth day|born",
        "дата рождения|день рождения|др",
        "дата народження|день народження",
    ),
    "gender": ("gender|sex", "пол", "стать"),
    "title": (
        "title|job title|position|job|job position|organization title|function",
        "должность",
        "посада",
    ),
    "department": ("department|organization department|division", "отдел|подразделение", "відділ"),
    "organisation": (
        "organisation|organization|company|company name|employer|firm|organization name|org",
        "organisation name",
        "организация|компания|фирма|предприятие|место работы|название компании|юрлицо",
        "название организации|наименование организации|наименование компании|название фирмы",
        "організація|компанія|фірма|підприємство|місце роботи|назва компанії",
        "назва організації|найменування організації|найменування компанії|назва фірми",
    ),
    "affiliation.from": (
        "hire date|hired|start date|employed since|employed from",
        "дата приема|работает с",
        "дата прийому|працює з",
    ),
    "affiliation.to": ("leaving date|left on|employed until", "дата увольнения", "дата звільнення"),
    "reports_to": (
        "reports to|manager name|manager s name|managers name|supervisor|boss",
        "руководитель|начальник|подчиняется",
        "керівник|підпорядковується",
    ),
    "role": (
        "role|roles|relationship|account type|contact type|customer type",
        "роль|тип контрагента|тип контакта|тип клиента|вид отношений",
        "роль|тип контрагента|тип контакту|тип клієнта",
    ),
    "industry": (
        "industry|sector|branch of industry|line of business",
        "отрасль|сфера деятельности|сектор|вид деятельности",
        "галузь|сфера діяльності|вид діяльності",
    ),
    "founded": (
        "founded|year established|established|year founded|founding year",
        "год основания|основана",
        "рік заснування",
    ),
    "employees": (
        "employees|number of employees|headcount|staff|employee count",
        "сотрудники|число сотрудников|количество сотрудников|штат|численность",
        "працівники|кількість працівників|чисельність",
    ),
    "revenue": (
        "revenue|annual revenue|turnover|sales volume",
        "выручка|годовая выручка|оборот",
        "дохід|виручка|річний дохід|обіг",
    ),
    "address.street": (
        "street|address|street address|address line|address street",
        "address extended address|po box|address po box|addr|house number|house|street number",
        "mailing address|postal address",
        "адрес|улица|дом|улица дом|почтовый адрес|юридический адрес|фактический адрес",
        "адреса|вулиця|будинок|поштова адреса|юридична адреса|фактична адреса",
    ),
    "address.locality": (
        "city|town|locality|address city|place|suburb|address locality",
        "город|населенный пункт|нп",
        "місто|населений пункт",
    ),
    "address.region": (
        "state|region|province|county|address region|state province|address state",
        "область|регион|край|республика|область край",
        "область|регіон",
    ),
    "address.postcode": (
        "postcode|post code|postal code|zip|zip code|zipcode|address postal code|index",
        "индекс|почтовый индекс",
        "індекс|поштовий індекс",
    ),
    "address.country": (
        "country|country region|address country|nation|country code",
        "страна",
        "країна|держава",
    ),
    "tag": (
        "tag|tags|label|labels|category|categories|group membership|keywords",
        "метка|метки|тег|теги|категория|категории",
        "мітка|мітки|тег|теги|категорія|категорії",
    ),
    "owner": (
        "owner|account owner|contact owner|assigned to|responsible|account manager|sales agent",
        "sales rep|support rep|representative|manager",
        "ответственный|менеджер|владелец|куратор",
        "відповідальний|менеджер|власник|куратор",
    ),
    "branch": ("branch|branch office|regional office", "филиал|офис", "філія|офіс"),
    "parent": (
        "parent|parent company|parent account|subsidiary of|belongs to|holding|headquarters",
        "головная компания|материнская компания|холдинг|головная организация",
        "головна компанія|материнська компанія|холдинг",
    ),
    "notes": (
        "notes|note|comment|comments|remark|remarks|description|memo",
        "примечание|примечания|комментарий|комментарии|заметки|заметка|описание",
        "примітка|примітки|коментар|коментарі|нотатки|опис",
    ),
    "nickname": ("nickname|nick name|alias", "прозвище|псевдоним", "прізвисько|псевдонім"),
    "identifier.inn": ("inn|ru inn", "инн|инн организации", "інн"),
    "identifier.ogrn": ("ogrn|ru ogrn", "огрн|огрнип", "огрн"),
    "identifier.edrpou": ("edrpou|ua edrpou|edrpou code", "едрпоу|код едрпоу", "єдрпоу|код єдрпоу"),
    "identifier.unp": ("unp|by unp", "унп", "унп"),
    "identifier.vat": (
        "vat|vat id|vat number|vat no|vatin|tax id|eu vat",
        "номер ндс",
        "номер пдв|код пдв",
    ),
    "identifier.rntrc": ("rntrc", "рнокпп|ипн", "рнокпп|іпн|ідентифікаційний номер"),
    "identifier.iban": ("iban|bank account", "р с|расчетный счет", "рахунок iban"),
}

HEADINGS: dict[str, str] = {
    heading: path
    for path, languages in _TABLE.items()
    for names in languages
    for heading in names.split("|")
}

# Words that say where a point or an address belongs, not what it is.
PLACES = {
    "work": "work",
    "business": "work",
    "office": "work",
    "company": "work",
    "рабочий": "work",
    "раб": "work",
    "роб": "work",
    "робочий": "work",
    "рабочая": "work",
    "робоча": "work",
    "home": "home",
    "private": "home",
    "personal": "home",
    "домашний": "home",
    "домашній": "home",
    "личный": "home",
    "личная": "home",
    "особистий": "home",
    "other": "other",
    "primary": "",
    "secondary": "",
    "main": "",
    "default": "",
    "billing": "work",
    "shipping": "other",
    "основной": "",
    "основний": "",
    "дополнительный": "",
    "додатковий": "",
}
# Headings that only repeat what kind of value stands beside them, or that nobody can use.
IGNORED = frozenset(
    {
        "e mail type",
        "e mail label",
        "e mail display name",
        "phone type",
        "phone label",
        "address type",
        "address label",
        "address formatted",
        "website label",
        "website type",
        "organization type",
        "photo",
        "name prefix",
        "name suffix",
        "suffix",
        "phonetic first name",
        "phonetic last name",
        "phonetic middle name",
        "custom",
        "isdn",
        "telex",
        "priority",
        "sensitivity",
        "mileage",
        "initials",
        "assistant s name",
        "assistant s phone",
        "spouse",
        "children",
        "hobby",
        "anniversary",
    }
)
