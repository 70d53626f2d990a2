"""The words by which column names are judged, in English, German, French and Spanish.

Words are compared whole, lower case and without accents; stems are looked for anywhere in
a name written without spaces, for languages that join words.
"""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


BLOCKED = _set("""
    ssn iban bic cvv cvc pin tin nif dni curp svnr passport passeport pasaporte ausweis
    password passwd pwd secret token
""")
BLOCKED_STEMS = _set("""
    socialsecurity sozialversicherung securitesociale seguridadsocial creditcard cardnumber
    kreditkarte numerodetarjeta kontonummer accountnumber bankaccount taxid steuerid
    steuernummer nationalid reisepass personalausweis driverlicen fuhrerschein apikey accesskey
    kennwort passwort motdepasse contrasena codicefiscale nationalinsurance nhsnumber burgerservice
    ahvnummer sozialvers numerosecu vatid vatnumber vatno vatnr vatreg ustid umsatzsteuerid numtva
    numerotva partitaiva
""")
PERSONAL = _set("""
    email mail courriel correo phone tel telephone mobile cell cellphone fax telefon handy
    telefono movil address addr adresse anschrift direccion domicilio street strasse rue calle
    ip dob birth birthday birthdate naissance nacimiento surname firstname lastname fullname
    forename vorname nachname familienname prenom apellido apellidos username login
    benutzername zip zipcode postcode plz postleitzahl religion ethnicity race diagnosis
    diagnose cognome telefono cellulare indirizzo strada wohnort nachnamen vornamen
""")
PERSONAL_STEMS = _set("""
    geburt telefon mobilfunk emailadres hausnummer strassenname firstname lastname fullname
    givenname familyname middlename nomdefamille codepostal codigopostal postalcode
    dateofbirth ipaddress datadinascita ipv4 ipv6 clientip remoteaddr
""")
NAMES = _set("name names nom noms nombre nombres")
PERSONS = _set("""
    customer client user member patient employee person contact guest owner driver passenger
    student subscriber account visitor buyer household lead kunde kunden mitarbeiter nutzer
    mitglied patientin utilisateur abonne salarie cliente usuario empleado paciente socio
""")
PERSON_STEMS = _set("kunde mitarbeiter mitglied")
ABOUT = _set("""
    type status flag count verified valid domain provider optin typ kind category class country
    city sent opened clicks rate tower plan os model brand length
""")
"""Last words that make a personal name one about persons: ``email_status``."""

KINDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "secret": (
        _set("password passwd pwd secret token cvv cvc pin"),
        _set("apikey accesskey kennwort passwort motdepasse contrasena"),
    ),
    "iban": (_set("iban bic"), _set("kontonummer accountnumber bankaccount")),
    "card": (_set(""), _set("creditcard cardnumber kreditkarte numerodetarjeta")),
    "vat": (
        _set(""),
        _set("vatid vatnumber vatno vatnr vatreg ustid umsatzsteuerid numtva numerotva partitaiva"),
    ),
    "email": (_set("email mail courriel correo"), _set("emailadres")),
    "ip": (_set("ip"), _set("ipaddress ipv4 ipv6 clientip remoteaddr")),
    "date_of_birth": (
        _set("dob birth birthday birthdate naissance nacimiento nascita"),
        _set("geburt dateofbirth datadinascita"),
    ),
    "phone": (
        _set(
            "phone tel telephone mobile cell cellphone fax telefon handy movil telefono cellulare"
        ),
        _set("telefon mobilfunk"),
    ),
    "address": (
        _set("""
            address addr adresse anschrift direccion domicilio street strasse rue calle zip zipcode
            postcode plz postleitzahl indirizzo strada wohnort
        """),
        _set("hausnummer strassenname codepostal codigopostal postalcode"),
    ),
    "national_id": (
        _set("ssn tin nif dni curp svnr passport passeport pasaporte ausweis"),
        _set("""
            socialsecurity sozialvers securitesociale seguridadsocial taxid steuerid steuernummer
            nationalid reisepass personalausweis driverlicen fuhrerschein codicefiscale
            nationalinsurance nhsnumber burgerservice ahvnummer numerosecu
        """),
    ),
}
"""Words and stems by the kind of personal data that they name, those first that say more."""

PLACES = _set("""
    shop store branch filiale filial warehouse depot airport station site plant lager magasin
    agence tienda sucursal negozio restaurant hotel outlet market facility office supplier vendor
""")
"""Words of places of business, whose addresses are nobody's own."""

IDS = _set("""
    id ids key uuid guid sku ean isbn hash pk fk ref nr no num number code serial imei tailnum
    numero matricula
""")
ID_STEMS = _set("nummer kennung identifier identifiant identificador")
COUNTED = _set("number num no n nb anzahl nombre numero count")
"""First words of a count: ``num_items``."""

AVERAGES = _set("""
    rate ratio price prices age pct percent percentage share temp temperature score rating avg
    average mean median index speed duration delay latency height weight bmi humidity pressure
    density margin yield nps satisfaction lag wait response resolution per preis alter quote
    anteil prozent dauer
    temperatur durchschnitt gewicht prix taux moyenne duree pourcentage poids precio tasa edad
    promedio porcentaje duracion peso
""")
AVERAGE_STEMS = _set("preis quote durchschnitt temperatur dauer")
SUMS = _set("""
    amount amounts qty quantity quantities revenue revenues sales total subtotal cost costs
    profit spend units volume count minutes mins hours days seconds clicks impressions visits
    sessions orders fee fees tax discount discounts value balance budget income expense expenses
    sum payment payments turnover gmv mrr usage traffic views conversions distance miles km kwh
    mwh bytes tons charge charges net gross sold shipped returned tip toll fare passengers
    umsatz betrag menge kosten gewinn anzahl summe gesamt stuck stunden minuten tage erlos
    montant quantite chiffre cout somme ventes recettes heures jours importe cantidad ingresos
    ventas coste costo horas minutos dias unidades monto
""")
SUM_STEMS = _set("umsatz betrag menge kosten anzahl summe erlos revenue")

UNITS = {
    **dict.fromkeys(_set("usd dollar dollars"), "currency:USD"),
    **dict.fromkeys(_set("eur euro euros"), "currency:EUR"),
    **dict.fromkeys(_set("gbp pound pounds"), "currency:GBP"),
    **{code: f"currency:{code.upper()}" for code in _set("chf jpy cad aud nok dkk pln mxn inr")},
    **dict.fromkeys(_set("minutes minute mins minuten minutos"), "minutes"),
    **dict.fromkeys(_set("hours hour hrs stunden heures horas"), "hours"),
    **dict.fromkeys(_set("days tage jours dias"), "days"),
    **dict.fromkeys(_set("seconds secs sekunden secondes segundos"), "s"),
    **dict.fromkeys(_set("km kilometer kilometers kilometres"), "km"),
    **dict.fromkeys(_set("miles mile"), "miles"),
    **{unit: unit for unit in _set("ms kg kwh mwh gb mb")},
}
PERCENTS = _set("pct percent percentage prozent pourcentage porcentaje")
SHARES = PERCENTS | _set("rate share anteil quote taux tasa")

CALENDAR = _set("""
    year month quarter week day hour weekday dow jahr monat woche tag stunde wochentag quartal
    annee mois semaine jour heure trimestre ano mes semana dia hora
""")
CYCLES = _set("hour weekday dow stunde wochentag heure hora")
"""Parts of a day or week: worth grouping by even where the data has a time column."""

BIRTHS = _set("birth birthday birthdate dob naissance nacimiento")
TIMES = _set("""
    date day datum fecha jour tag time timestamp datetime ds period month periode periodo
""")
EVENTS = _set("""
    order transaction invoice booking event sale sales purchase posting rechnung bestell
    buchung commande facture venta pedido
""")
LATER = _set("""
    updated modified deleted end due expiry expires until closed geandert ende fin valid loaded
    ingested processed extracted
""")
"""Times that are not when the thing happened."""

STARTS = _set("date datum fecha day created start time")
