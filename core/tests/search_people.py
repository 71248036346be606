"""Real and everyday names with what somebody would type to find them."""

from __future__ import annotations

from typing import Any

# Customers of the Chinook sample database (MIT), and names as they stand in Russian and Ukrainian
# address books.
PEOPLE = """
Luís Gonçalves;luisg@embraer.com.br;+55 12 3923 5555
Leonie Köhler;leonekohler@surfeu.de;+49 711 2842222
François Tremblay;ftremblay@gmail.com;+1 514 721 4711
Bjørn Hansen;bjorn.hansen@yahoo.no;+47 22 44 22 22
František Wichterlová;frantisekw@jetbrains.com;+420 2 4172 5555
Helena Holý;hholy@gmail.com;+420 2 4177 0449
Astrid Gruber;astrid.gruber@apple.at;+43 01 5134505
Kara Nielsen;kara.nielsen@jubii.dk;+453 3331 9991
Eduardo Martins;eduardo@woodstock.com.br;+55 11 3033 5446
Frank Harris;fharris@google.com;+1 650 253 0000
Jack Smith;jacksmith@microsoft.com;+1 425 882 8080
Michelle Brooks;michelleb@aol.com;+1 212 221 3546
Heather Leacock;hleacock@gmail.com;+1 407 999 7788
Patrick Gray;patrick.gray@aol.com;+1 520 622 4200
Иван Иванов;ivanov@primer.example.org;+7 495 123-45-67
Юлия Сергеевна Щербакова;shcherbakova@example.org;+7 812 765-43-21
Пётр Соловьёв;p.solovev@example.org;+7 921 555-66-77
Андрей Хрущёв;hr@example.org;+7 343 222-11-00
Александр Цветков;cvet@example.org;+7 383 300-10-20
Евгений Жуков;zhuk@example.org;+7 846 111-22-33
Наталья Соколовская;sokol@example.org;+7 831 444-55-66
Сергій Петренко;petrenko@example.com.ua;+380 44 234 56 78
Ольга Ткаченко;tkach@example.com.ua;+380 57 765 43 21
Юлія Ющенко;yush@example.com.ua;+380 32 255 66 77
Євген Хмельницький;khm@example.com.ua;+380 67 111 22 33
Олексій Ґалаґан;galagan@example.com.ua;+380 50 999 88 77
Maria Kovalenko;kovalenko@example.net;+380 63 555 44 33
Dmytro Shevchenko;shevchenko@example.net;+380 93 777 66 55
Yury Gagarin;gagarin@example.net;+7 496 000-19-61
Alexander Pushkin;pushkin@example.net;+7 499 179-90-37
""".strip().splitlines()
FIRMS = """
Acme Corporation
Betasoloin
Bioholding
Cancity
Codehow
Condax
Dambase
Green-Plus
Kan-code
Zoomit
ООО «Ромашка»
ТОВ «Київські пекарні»
Житомирский завод
Харків Трейд
ЗАО «Поставки и контракты»
Gazprom Neft
""".strip().splitlines()
# What is typed; and a part of the name that must be among the first five.
QUERIES = """
goncalves|Gonçalves; gonçalves|Gonçalves; kohler|Köhler; Köhler leonie|Köhler
tremb|Tremblay; francois|François; bjorn|Bjørn; hansen bjørn|Bjørn; wichterlova|Wichterlová
holy|Holý; gruber|Gruber; nielsen@|; woodstock|Martins; 3033|Martins; 2530000|Harris
jacksmith@microsoft|Smith; smiht|Smith; smth|Smith; smitth|Smith; brroks|Brooks; lecock|Leacock
graay|Gray; Ыьшер|Smith; Юлии|Юлия; Julia|Юлия; Yuliya|Юлия; Iuliia|Юлия; юлію|Юлія
Ivanov|Иванов; Ivanova|Иванов; Иванову|Иванов; ивановым|Иванов; иваонв|Иванов; Bdfyjd|Иванов
8 (495) 123-45-67|Иванов; 1234567|Иванов; 4951234567|Иванов; Shcherbakova|Щербакова
Scherbakova|Щербакова; щербаковой|Щербакова; сергеевна|Щербакова; щербак|Щербакова
Petr Solovyov|Соловьёв; соловьева|Соловьёв; соловьев петр|Соловьёв; Solovyev|Соловьёв
Khrushchev|Хрущёв; хрущева|Хрущёв; андрея|Андрей; Andrey|Андрей; Andrei Hruschov|Хрущёв
Tsvetkov|Цветков; цветкову|Цветков; Alexander Tsvetkov|Цветков; Zhukov|Жуков; жукова|Жуков
evgeny|Евгений; Sokolovskaya|Соколовская; соколовской|Соколовская; natalia|Наталья
Petrenko|Петренко; петренку|Петренко; serhii|Сергій; 0442345678|Петренко; Gtnhtyrj|Петренко
Olha|Ольга; ользі|Ольга; tkachenko|Ткаченко; ткаченкові|Ткаченко; Yushchenko|Ющенко
ющенка|Ющенко; Khmelnytskyi|Хмельницький; хмельницького|Хмельницький; Євгена|Євген
галаган|Ґалаґан; Galagan|Ґалаґан; halahan|Ґалаґан; коваленко|Kovalenko; Марія|Maria
шевченко|Shevchenko; дмитро|Dmytro; гагарин|Gagarin; юрий|Yury; пушкин|Pushkin; Юрій|Yury
acme|Acme; holding|Bioholding; соde|; green plus|Green-Plus; code|Codehow; zomit|Zoomit
ромашки|Ромашка; romashka|Ромашка; hjvfirf|Ромашка; пекарня|пекарні; Kyiv|
Zhytomyr|Житомирский; Kharkiv|Харків; харкова|Харків; поставка|Поставки; контракт|Поставки
contract|Поставки; газпром|Gazprom; Neft|Gazprom; dambsae|Dambase; Condaks|Condax
"""


def queries() -> list[tuple[str, str]]:
    """The queries with what they must find; those without an answer are left out."""
    pairs = [each.strip().rpartition("|") for each in QUERIES.replace("\n", ";").split(";")]
    return [(typed, wanted) for typed, _bar, wanted in pairs if typed and wanted]


def inputs() -> list[dict[str, Any]]:
    """All of them as input of the record service."""
    found: list[dict[str, Any]] = []
    for line in PEOPLE:
        name, email, phone = line.split(";")
        given, _space, family = name.rpartition(" ")
        points = [{"kind": "email", "value": email}, {"kind": "phone", "value": phone}]
        found.append({"kind": "person", "given": given, "family": family, "points": points})
    return [*found, *({"kind": "organisation", "display_name": each} for each in FIRMS)]
