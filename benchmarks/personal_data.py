"""How well personal data is found: precision and recall per kind.

    python benchmarks/personal_data.py [--rows 400] [--seed 1] [--missed]

The labelled set is invented with Faker in five locales: columns of each kind, under names
that tell and under names that do not, and columns that look like personal data and are
none. A column is found where `classify` gives it its kind; a value in a sentence where
`scan_text` gives the place its kind. A column that was not recognised but is blocked since
its values hardly repeat is out of reach too: the last column of the first table.
"""

from __future__ import annotations

import argparse
import functools
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

LOCALES = ("en_US", "de_DE", "fr_FR", "es_ES", "it_IT")
TELLING = {
    "en_US": {
        "email": "customer_email", "phone": "phone", "iban": "account_iban", "card": "credit_card",
        "vat": "vat_number", "national_id": "ssn", "ip": "client_ip", "person_name": "full_name",
        "surname": "last_name", "given": "first_name", "date_of_birth": "date_of_birth",
        "address": "street_address", "zip": "zip",
    },
    "de_DE": {
        "email": "E-Mail", "phone": "Telefonnummer", "iban": "IBAN", "card": "Kreditkarte",
        "vat": "USt-IdNr", "national_id": "Sozialversicherungsnummer", "ip": "IP-Adresse",
        "person_name": "Kundenname", "surname": "Nachname", "given": "Vorname",
        "date_of_birth": "Geburtsdatum", "address": "Anschrift", "zip": "PLZ",
    },
    "fr_FR": {
        "email": "courriel", "phone": "téléphone", "iban": "iban", "card": "numéro_credit_card",
        "vat": "numéro_tva", "national_id": "numéro de sécurité sociale", "ip": "adresse_ip",
        "person_name": "nom client", "surname": "nom de famille", "given": "prénom",
        "date_of_birth": "date de naissance", "address": "adresse", "zip": "code postal",
    },
    "es_ES": {
        "email": "correo", "phone": "teléfono", "iban": "IBAN cliente", "card": "numero_de_tarjeta",
        "vat": "vat_id", "national_id": "DNI", "ip": "ip", "person_name": "nombre cliente",
        "surname": "apellidos", "given": "nombre_usuario",
        "date_of_birth": "fecha de nacimiento", "address": "dirección", "zip": "código postal",
    },
    "it_IT": {
        "email": "mail", "phone": "cellulare", "iban": "iban", "card": "card_number",
        "vat": "partita_iva", "national_id": "codice fiscale", "ip": "ip_address",
        "person_name": "nome cliente", "surname": "cognome", "given": "user_firstname",
        "date_of_birth": "data di nascita", "address": "indirizzo", "zip": "postal_code",
    },
}  # fmt: skip
WIDTH = 12
"""Columns of a table."""

SENTENCES = ("please ask {} about it", "({})", "{}: late again", "Rückfrage an {} nötig")
"""Around a value: what a person might write."""

FRAMES = {
    "date_of_birth": ("born on {}", "geb. {}", "né le {}", "date of birth: {}"),
    "national_id": ("national id {}", "SSN {}", "Steuer-ID {}", "DNI {}"),
}


class Column(NamedTuple):
    """A column of the labelled set; ``kind`` is ``None`` where nothing personal is in it."""

    name: str
    values: list[Any]
    kind: str | None
    what: str
    telling: bool
    locale: str


def columns(rows: int, seed: int) -> Iterator[Column]:
    """Yield the labelled set."""
    from faker import Faker

    for number, locale in enumerate(LOCALES):
        fake = Faker(locale)
        fake.seed_instance(seed + number)
        for what, make in personal(fake, locale).items():
            kind = {"surname": "person_name", "given": "person_name", "zip": "address"}.get(
                what, what
            )
            values = [make() for _ in range(rows)]
            if (name := TELLING[locale].get(what)) is not None:
                yield Column(name, values, kind, what, True, locale)
            if what not in ("surname", "zip", "date_of_birth"):
                yield Column(f"field_{len(what)}", values, kind, what, False, locale)
        for what, make in harmless(fake, random.Random(seed + number)).items():
            yield Column(what, [make() for _ in range(rows)], None, what, True, locale)


def personal(fake: Any, locale: str) -> dict[str, Callable[[], Any]]:
    """Return what makes a value of each kind, as people of the locale write it."""
    notes = ("Called {} again.", "Paid by {}, late.", "Complaint of {} about delivery.")

    def note() -> str:
        if fake.random.random() < 0.3:
            part = fake.random.choice((fake.email, fake.name, fake.iban))()
            return str(fake.random.choice(notes).format(part))
        return str(fake.sentence(nb_words=7))

    return {
        "email": fake.ascii_safe_email if locale == "en_US" else fake.email,
        "phone": fake.phone_number,
        "iban": fake.iban,
        "card": fake.credit_card_number,
        "vat": (VAT.get(locale) and (lambda: VAT[locale](fake.random))) or fake.vat_id
        if locale != "it_IT" else fake.company_vat,
        "national_id": {
            "es_ES": fake.nif if hasattr(fake, "nif") else fake.ssn,
        }.get(locale, fake.ssn),
        "ip": lambda: fake.ipv4() if fake.random.random() < 0.7 else fake.ipv6(),
        "person_name": fake.name,
        "surname": fake.last_name,
        "given": fake.first_name,
        "date_of_birth": fake.date_of_birth,
        "address": fake.street_address,
        "zip": fake.postcode,
        "free_text": note,
    }  # fmt: skip


def vat_of_ireland(draw: random.Random) -> str:
    """Return an Irish VAT number: Faker has none of English-speaking countries."""
    digits = f"{draw.randrange(10**7):07d}"
    total = sum(int(d) * w for d, w in zip(digits, range(8, 1, -1), strict=True)) % 23
    return f"IE{digits}{'WABCDEFGHIJKLMNOPQRSTUV'[total]}"


def vat_of_france(draw: random.Random) -> str:
    """Return a French VAT number whose two keys hold, as those of Faker do not."""
    body = f"{draw.randrange(10**8):08d}"
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(body)]
    siren = body + str(-sum(d // 10 + d % 10 for d in doubled) % 10)
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d} {siren}"


def vat_of_spain(draw: random.Random) -> str:
    """Return a Spanish VAT number whose letter holds, as those of Faker do not."""
    number = draw.randrange(10**8)
    return f"ES{number:08d}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


VAT = {"en_US": vat_of_ireland, "fr_FR": vat_of_france, "es_ES": vat_of_spain}


def harmless(fake: Any, draw: random.Random) -> dict[str, Callable[[], Any]]:
    """Return what makes values that look like personal data and are none."""
    from datetime import datetime, timedelta

    start = datetime(2023, 1, 1)

    def moment() -> datetime:
        return start + timedelta(seconds=draw.randrange(3 * 10**7))

    def ean(prefix: str = "") -> str:
        body = prefix + "".join(str(draw.randrange(10)) for _ in range(12 - len(prefix)))
        total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(body))
        return body + str(-total % 10)

    def isbn10() -> str:
        body = f"{draw.randrange(10**9):09d}"
        check = sum((10 - i) * int(d) for i, d in enumerate(body))
        last = "0123456789X"[-check % 11]
        return f"{body[0]}-{body[1:4]}-{body[4:9]}-{last}"

    def luhn(size: int) -> int:
        body = str(draw.randrange(10 ** (size - 2), 10 ** (size - 1)))
        doubled = [int(d) * 2 if i % 2 == 0 else int(d) for i, d in enumerate(reversed(body))]
        return int(body + str(-sum(d // 10 + d % 10 for d in doubled) % 10))

    shops = [fake.postcode() for _ in range(60)]
    cities = [fake.city() for _ in range(60)]
    firms = [fake.company() for _ in range(60)]
    airlines = ("Southwest Airlines Co.", "JetBlue Airways", "Envoy Air", "Delta Air Lines Inc.",
                "Alaska Airlines Inc.", "SkyWest Airlines Inc.", "Virgin America")  # fmt: skip
    products = [f"{a} {b} {n}" for a in ("Red", "Blue", "Classic", "Soft", "Grande")
                for b in ("shoe", "Jacket", "Lamp", "Roma sofa", "Oslo chair")
                for n in (1, 2, 40)]  # fmt: skip
    airports = ("JFK", "LGA", "EWR", "John F. Kennedy International", "Chicago O'Hare",
                "San Francisco", "St. Louis Lambert", "San Antonio")  # fmt: skip
    return {
        "order_no": lambda: draw.randrange(10**9, 10**10),
        "order_number": lambda: f"{draw.randrange(10**8, 10**9)}",
        "Bestellnummer": lambda: f"{draw.randrange(10**10, 10**11)}",
        "order_ref": lambda: f"{draw.randrange(100, 999)}-{draw.randrange(10**7):07d}",
        "parcel": lambda: luhn(12),
        "invoice_id": lambda: f"INV-2024-{draw.randrange(10**6):06d}",
        "Rechnung": lambda: f"{draw.randrange(10**4):04d}/{draw.randrange(10**5):05d}",
        "shop_postal_code": lambda: draw.choice(shops),
        "store_zip": lambda: int("".join(filter(str.isdigit, draw.choice(shops))) or 0),
        "PLZ Filiale": lambda: draw.choice(shops),
        "timestamp": lambda: int(moment().timestamp()),
        "event_ms": lambda: int(moment().timestamp() * 1000),
        "created": lambda: moment().isoformat(sep=" "),
        "order_date": lambda: moment().date(),
        "day_text": lambda: moment().strftime("%d.%m.%Y"),
        "time_of_day": lambda: moment().strftime("%H:%M:%S"),
        "ean": ean,
        "gtin": lambda: int(ean("40")),
        "isbn": lambda: (
            f"978-{draw.randrange(10)}-{draw.randrange(100):02d}-"
            f"{draw.randrange(10**6):06d}-{draw.randrange(10)}"
        ),
        "isbn10": isbn10,
        "flight": lambda: f"{draw.choice(('UA', 'AA', 'DL', 'LH'))}{draw.randrange(1, 9999)}",
        "flight_number": lambda: draw.randrange(1, 9999),
        "tailnum": lambda: f"N{draw.randrange(100, 99999)}{draw.choice('ABCXYZ')}",
        "sku": lambda: f"{draw.choice('ABCD')}{draw.randrange(100, 999)}-{draw.randrange(99):02d}",
        "price": lambda: round(draw.uniform(1, 9999), 2),
        "price_text": lambda: f"{draw.uniform(1000, 99999):,.2f} EUR",
        "revenue": lambda: draw.randrange(10**6, 10**9),
        "latitude": lambda: round(draw.uniform(-90, 90), 6),
        "longitude_text": lambda: f"{draw.uniform(-180, 180):.6f}",
        "app_version": lambda: ".".join(str(draw.randrange(12)) for _ in range(4)),
        "city": lambda: draw.choice(cities),
        "company": lambda: draw.choice(firms),
        "airline": lambda: draw.choice(airlines),
        "airport_name": lambda: draw.choice(airports),
        "product name": lambda: draw.choice(products),
        "email_status": lambda: draw.choice(("opened", "bounced", "sent")),
        "phone": lambda: draw.random() < 0.5,
        "mobile_visits": lambda: draw.randrange(40),
        "color": fake.color_name,
        "hex": lambda: f"{draw.randrange(16**8):08x}",
        "license": lambda: fake.license_plate(),
        "category": lambda: draw.choice(("Home", "Garden", "Rosa", "Adult", "Max value")),
        "country": lambda: draw.choice(("Germany", "France", "Italy", "Jordan", "Chad")),
        "discount code": lambda: f"SAVE{draw.randrange(100):02d}",
        "batch": lambda: f"{draw.randrange(10**6):06d}-{draw.randrange(10**4):04d}",
    }


class Score:
    """Counts of one kind."""

    def __init__(self) -> None:
        self.right = self.wrong = self.missed = self.blocked = 0

    @property
    def precision(self) -> float:
        """Part of what was found that is of the kind."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Part of what is of the kind that was found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def reach(self) -> float:
        """Part of what is of the kind that is not left ``safe``."""
        total = self.right + self.missed
        return (self.right + self.blocked) / total if total else 1.0


@functools.cache
def classified_columns(rows: int, seed: int) -> list[tuple[Column, Any]]:
    """Return the labelled set, each column with what `classify` says of it."""
    import pandas as pd

    import mirrorbi
    from mirrorbi.privacy.pii import classify

    tables: list[dict[str, Column]] = []
    for column in columns(rows, seed):
        for table in tables:
            if len(table) < WIDTH and column.name.casefold() not in map(str.casefold, table):
                table[column.name] = column
                break
        else:
            tables.append({column.name: column})
    results = []
    for table in tables:
        frame = pd.DataFrame({name: pd.Series(column.values) for name, column in table.items()})
        classes = classify(mirrorbi.open(frame, {"metrics": {"rows": {"agg": "count"}}}))
        results += [(column, classes[name]) for name, column in table.items()]
    return results


def score_columns(
    rows: int = 400, seed: int = 1, *, telling: bool | None = None
) -> tuple[dict[str, Score], list[str]]:
    """Return the scores of columns by kind, and what was missed or taken for another."""
    from mirrorbi.privacy.pii.column_classes import NOUNS

    scores: dict[str, Score] = defaultdict(Score)
    notes = []
    for column, finding in classified_columns(rows, seed):
        if telling is not None and column.kind is not None and column.telling is not telling:
            continue
        kinds = {*NOUNS} if column.kind != "free_text" else {"free_text"}
        kind = finding.kind if finding.kind in kinds else None
        if column.kind is not None and kind == column.kind:
            scores[column.kind].right += 1
            continue
        if column.kind is not None:
            scores[column.kind].missed += 1
            scores[column.kind].blocked += str(finding.privacy) != "safe"
        if kind is not None:
            scores[kind].wrong += 1
        if kind is not None or column.kind is not None:
            notes.append(
                f"{column.locale} {column.what} as {column.name!r}: {finding.kind} "
                f"({finding.privacy}; {finding.reason}), e.g. {column.values[0]}"
            )
    return scores, notes


def score_texts(rows: int = 100, seed: int = 1) -> tuple[dict[str, Score], list[str]]:
    """Return the scores of values within sentences by kind, and examples of the rest."""
    from mirrorbi.privacy.pii import scan_text

    scores: dict[str, Score] = defaultdict(Score)
    notes = []
    draw = random.Random(seed)
    for column in columns(rows, seed):
        if column.kind in ("free_text", "address") or not column.telling:
            continue
        if column.what in ("surname", "given"):
            continue
        for value in dict.fromkeys(map(str, column.values)):
            sentence = draw.choice(FRAMES.get(column.kind or "", SENTENCES))
            text = sentence.format(value)
            hits = scan_text(text)
            kinds = {hit.kind for hit in hits}
            if column.kind is not None:
                right = column.kind in kinds
                scores[column.kind].right += right
                scores[column.kind].missed += not right
                scores[column.kind].blocked += bool(kinds) and not right
                kinds -= {column.kind}
                if not right:
                    notes.append(f"{column.locale} {column.what}: {text!r} {sorted(kinds)}")
            for kind in kinds:
                scores[kind].wrong += 1
                if column.kind is None:
                    notes.append(f"{column.locale} {column.what}: {text!r} is no {kind}")
    return scores, notes


def print_scores(title: str, scores: dict[str, Score]) -> None:
    """Print scores."""
    print(f"\n{title}")
    print(f"{'kind':<16}{'of it':>7}{'found':>7}{'wrong':>7}{'precision':>11}{'recall':>8}"
          f"{'not safe':>10}")  # fmt: skip
    for kind, score in sorted(scores.items()):
        print(
            f"{kind:<16}{score.right + score.missed:>7}{score.right:>7}{score.wrong:>7}"
            f"{score.precision:>11.3f}{score.recall:>8.3f}{score.reach:>10.3f}"
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--missed", action="store_true", help="name what was missed or mistaken")
    arguments = parser.parse_args()
    print(f"Faker, {', '.join(LOCALES)}; {arguments.rows} rows a column, seed {arguments.seed}")
    for title, telling in (("Columns with telling names", True), ("Columns named field_n", False)):
        scores, notes = score_columns(arguments.rows, arguments.seed, telling=telling)
        print_scores(title, scores)
        if arguments.missed:
            print("\n".join(f"  {note}" for note in notes))
    scores, notes = score_texts(seed=arguments.seed)
    print_scores("Values in sentences", scores)
    if arguments.missed:
        print("\n".join(f"  {note}" for note in notes[:: max(1, len(notes) // 60)]))


if __name__ == "__main__":
    main()
