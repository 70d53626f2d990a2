"""Numbers that a state gives to a person, with their check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

Span = tuple[int, int]


class Scheme(NamedTuple):
    """One country's number.

    ``check`` is a module of python-stdnum, or ``""`` where the form is all there is.
    ``sure`` says that form and check together hardly occur by chance: such a number is
    taken as one wherever it stands, others only beside a word that says so.
    """

    name: str
    form: re.Pattern[str]
    check: str
    sure: bool


def _scheme(name: str, form: str, check: str, sure: bool = True) -> Scheme:
    return Scheme(name, re.compile(rf"(?<![\w.-])(?:{form})(?![\w]|[.-]\d)"), check, sure)


SCHEMES = (
    _scheme("us.ssn", r"(?!000|666|9)\d{3}-\d{2}-\d{4}", "stdnum.us.ssn"),
    _scheme(
        "gb.nino",
        r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]",
        "",
    ),
    _scheme("gb.nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}", "stdnum.gb.nhs", False),
    _scheme("fr.nir", r"[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", "stdnum.fr.nir"),
    _scheme("es.dni", r"\d{8}-?[A-Z]", "stdnum.es.dni"),
    _scheme("es.nie", r"[XYZ]-?\d{7}-?[A-Z]", "stdnum.es.nie"),
    _scheme(
        "it.codicefiscale",
        r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]",
        "stdnum.it.codicefiscale",
    ),
    _scheme("ch.ssn", r"756\.?\d{4}\.?\d{4}\.?\d{2}", "stdnum.ch.ssn"),
    _scheme("se.personnummer", r"(?:\d{2})?\d{6}[-+]\d{4}", "stdnum.se.personnummer"),
    _scheme("fi.hetu", r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", "stdnum.fi.hetu"),
    _scheme("dk.cpr", r"\d{6}-\d{4}", "stdnum.dk.cpr", False),
    _scheme("no.fodselsnummer", r"\d{6} ?\d{5}", "stdnum.no.fodselsnummer", False),
    _scheme("pl.pesel", r"\d{11}", "stdnum.pl.pesel", False),
    _scheme("be.nn", r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", "stdnum.be.nn"),
    _scheme("nl.bsn", r"\d{9}|\d{4}\.\d{2}\.\d{3}", "stdnum.nl.bsn", False),
    _scheme("de.idnr", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "stdnum.de.idnr", False),
    _scheme(
        "de.svnr",
        r"\d{2} ?(?:0[1-9]|[1-7]\d)(?:0[1-9]|1[0-2])\d{2} ?[A-Z] ?\d{3}",
        "",
    ),
    _scheme("at.vnr", r"\d{4} ?\d{6}", "stdnum.at.vnr", False),
    _scheme("br.cpf", r"\d{3}\.\d{3}\.\d{3}-\d{2}", "stdnum.br.cpf"),
    _scheme("in.aadhaar", r"\d{4} ?\d{4} ?\d{4}", "stdnum.in_.aadhaar", False),
    _scheme("ca.sin", r"\d{3}[ -]?\d{3}[ -]?\d{3}", "stdnum.ca.sin", False),
    _scheme("mx.curp", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", "stdnum.mx.curp"),
    _scheme("pt.cc", r"\d{8} ?\d ?(?:[A-Z]{2}|[A-Z]\d|\d[A-Z])\d", "stdnum.pt.cc"),
    _scheme("ie.pps", r"\d{7}[A-W][ABHTW]?", "stdnum.ie.pps"),
    _scheme("cn.ric", r"\d{17}[\dX]", "stdnum.cn.ric"),
    _scheme("kr.rrn", r"\d{6}-\d{7}", "stdnum.kr.rrn"),
    _scheme("za.idnr", r"\d{13}", "stdnum.za.idnr", False),
    _scheme("tr.tckimlik", r"\d{11}", "stdnum.tr.tckimlik", False),
    _scheme("ro.cnp", r"[1-9]\d{12}", "stdnum.ro.cnp", False),
    _scheme("cz.rc", r"\d{6}/\d{3,4}", "stdnum.cz.rc"),
)

_BESIDE = re.compile(
    r"ssn|social\s+security|national\s+(?:id|insurance)|\bnhs\b|tax\s*id|steuer|\bidnr\b|svnr"
    r"|versicherung|ausweis|passport|\bsin\b|\bbsn\b|burgerservice|pesel|cpr|aadhaar|personnummer"
    r"|f[øo]dselsnummer|s[ée]curit[ée]\s+sociale|\bnir\b|\bdni\b|kimlik|\bcnp\b|identity"
    r"|insurance\s+n",
    re.IGNORECASE,
)
_NEAR = 40
"""Characters before a number in which a word may say what it is."""


def national_ids(text: str) -> Iterator[Span]:
    """Yield where numbers are that a state gave to a person.

    A number that could as well be an order's is taken for one only where the words before
    it say so.
    """
    for scheme in SCHEMES:
        for match in scheme.form.finditer(text):
            if not scheme.sure:
                before = text[max(0, match.start() - _NEAR) : match.start()]
                if not _BESIDE.search(before):
                    continue
            if holds(scheme, match.group()):
                yield match.span()


def holds(scheme: Scheme, value: str) -> bool:
    """Return whether a number's check digits and dates are right."""
    return not scheme.check or bool(import_module(scheme.check).is_valid(value))


def is_of(scheme: Scheme, value: str) -> bool:
    """Return whether a whole value is a number of a scheme."""
    return scheme.form.fullmatch(value) is not None and holds(scheme, value)
