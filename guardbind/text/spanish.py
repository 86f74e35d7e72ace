r"""Holds every word list of Spanish.

As in `guardbind.text.english`, a space stands for white space where `either` compiles; `[ \t]` stays on its line.

As in French, "de" stands between the nouns of one attribute as well as before who has it; "del" holds an article.
"""

from __future__ import annotations

import re

from guardbind.text.citing import Citing
from guardbind.text.language import Language, Marks, Questions, Statements, Vocabulary, either, wordlist
from guardbind.text.spanish_asking import ASKING
from guardbind.text.spanish_disowning import DISOWNING
from guardbind.text.spanish_items import ITEMS
from guardbind.text.spanish_nouns import NOUNS
from guardbind.text.spanish_plain import CARRIERS, CODED, PLAIN
from guardbind.text.spanish_speech import CHANGES, SPEECH
from guardbind.text.spanish_unsettling import UNSETTLING
from guardbind.text.stems import snowball

__all__ = ["SPANISH"]

_DOUBTS = wordlist(
    "si supongamos suponiendo qué que cuál cuáles quién quiénes cuándo dónde cómo cuánto cuánta cuántos cuántas no",
    "nunca jamás tampoco ningún ninguna ninguno acaso",
)
_ADVERBS = wordlist(
    "solo sólo solamente ya todavía aún también además después luego entonces antes ahora actualmente siempre",
    "anteriormente sin embargo",
)
_UNTRUE = "(?:falso|falsa|mentira|incorrect[oa]|erróne[oa]|inexact[oa]|un error|un mito|una mentira)"
_SAID = (
    "(?:dijo|dice[ns]?|dijeron|dicho|afirm(?:a|an|ó|aron|ado)|asegur(?:a|an|ó|aron|ado)|cree[ns]?|creía[ns]?|creyó"
    "|piensa[ns]?|pensaba[ns]?|pensó|escribió|escrito|confirm(?:a|an|ó|aron|ado)|sostiene[ns]?|declar(?:a|ó|aron|ado)"
    "|supone[ns]?)"
)
_UPPER = r"[A-ZÁÉÍÓÚÜÑ]"
_NAME = rf"{_UPPER}[\w.&-]{{0,40}}(?:[ \t]{_UPPER}[\w.&-]{{0,40}}){{0,2}}"
_THE = r"(?:(?:la|el|las|los|mi|mis|tu|tus|su|sus|nuestr[oa]s?|est[ea]|ese|esa|un|una)\s+)"
_NEVER = "(?!)"

_VOCABULARY = Vocabulary(
    stop=wordlist(
        "a al algo ante aparece así aunque aquí bien buenos buenas como con conoces contexto corresponde corresponden",
        "cual cuales cuál cuáles da dado dame danos dar darme decir decirme mostrar mostrarme buscar",
        "de dejar del dentro desde di dice dime dinos días donde dónde dio",
        "el él ella ellas ellos en entre era eran eres es esa ese eso esta está están estar este estos exactamente",
        "extrae fue gracias ha haber había han hasta hay hola indica indícame indique indíqueme la las le les llama lo",
        "los me mencionado mensaje mi mis muestra muéstrame necesito nos nosotros nuestra nuestro o os para pero por",
        "porque podría podrías poder puede puedes pues qué que quien quién quiere quiero recuérdame responda responde",
        "respuesta saber sabe sabes se según ser será si sí siguiente sin sobre son soy su sus te ten tenemos",
        "tener tengo",
        "tenía ti tiene tienen texto tu tú tus un una uno unos usted ustedes va vez y yo favor dígame cuánto cuánta",
        "cuántos cuántas pregunta arriba lleva señor señora sr sra don doña e dato datos información nada estaba",
        "estaban electrónico",
    ),
    same={
        **{"e-mail": "email", "mail": "email", "correo": "email", "emails": "email"},
        **{"costo": "precio", "coste": "precio", "nº": "número", "n.º": "número"},
        **{"núm": "número", "tel": "teléfono", "celular": "móvil", "temp": "temperatura"},
        **{"cant": "cantidad", "ext": "extensión"},
    },
    first=wordlist("primer primero primera primeros primeras inicial inicialmente original originalmente"),
    latest=wordlist(
        "último última últimos últimas actual actuales actualmente ahora reciente recientes final finalmente vigente",
        "definitivo definitiva",
    ),
    generic=wordlist(
        "dirección código fecha campo id identificador clave nombre número importe monto valor referencia"
    ),
    naming=wordlist("nombre título name"),
    contents=frozenset({"índice", "contenido"}),
    trailing=wordlist("número id dirección nombre"),
    leading=wordlist("número dirección"),
    plain=PLAIN,
    places=CARRIERS,
    coded=CODED,
)

_MARKS = Marks(
    abbreviations=(
        *("sr", "sra", "srta", "sres", "dr", "dra", "prof", "lic", "ing", "d", "dña", "p.ej", "ud", "uds", "aprox"),
        *("ee.uu", "avda", "av", "dpto", "pza", "ctra", "sto", "sta"),
    ),
    counted=("no", "núm", "nº", "n", "art", "pág", "págs", "p", "pp", "cap", "fig", "tel", "tfno", "vol", "ref", "máx"),
    closing=("etc", "cía", "s.a", "s.l", "ltda", "inc", "ltd", "a.m", "p.m", "mín"),
    legal_forms=wordlist("sa sl sau slu ltda inc ltd"),
    ordinals=False,
    ordinal_before=frozenset(),
    nouns_are_capital=False,
    listing="y|e|o|u",
    joining="y",
    opening="y|pero|o|que|entonces|luego|así|ahora|pues|mas",
    of="(?:de|del)",
    possessive=_NEVER,
    genitives=(),
    of_joins=frozenset({"de"}),
)

_QUESTIONS = Questions(
    computed=either(
        "cuánt[oa]s? [^?.!\\n]{0,60}\\b(?:usan?|utilizan?)",
        "suma[rs]?|sumad[oa]s?|añad\\w+|juntos|juntas|en total|diferencia|más(?! reciente)|menos|rest(?:ar|ado)"
        "|multiplic\\w+",
        "veces|divid\\w+|promedio|media|mediana|doble|mitad|porcentaje|por ciento|cuánt[oa]s|al revés|invert\\w+",
        "convert\\w+|convierte|redonde\\w+|traduc\\w+|deletre\\w+|calcul\\w+",
        "forma corta|abreviad[oa]s?|qué siglo|qué década",
        "reescrib\\w+|reformul\\w+|parafrase\\w+",
        "(?:dígitos?|cifras?|letras?|caracteres?|parte|prefijo|sufijo|dominio|mes|año|día) (?:de|del)",
        r"(?:primer[oa]s?|últim[oa]s?) (?:dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|\d+)"
        r"|(?:dos|tres|cuatro|cinco|seis|\d+)"
        r" (?:primer[oa]s?|últim[oa]s?)|iniciales|segund[oa]s?|tercer[oa]?|anterior(?:es|mente)?|previ[oa]s?"
        r"|compar\\w+",
        "mayor|menor|mejor|peor|larg[oa]s?|intercambi\\w+|reemplaz\\w+|sustitu\\w+|renombr\\w+|copi(?:ar|a|ado)",
        "descuento de|retras\\w+|enmascar\\w+|anonimi\\w+|ocult(?:ar|a|e)|si|supón|supongamos|imagina|imagine"
        "|invent\\w+",
        "gener(?:a|ar|e)|crea[rs]?|cambi(?:a|ar|e)|modific(?:a|ar)|modifique|aument\\w+|dismin\\w+|máxim[oa]|mínim[oa]",
        "ayer|anteayer|semana pasada|mes pasado|año pasado|hace \\w+ (?:días?|meses|años?|semanas?)",
    ),
    several=either("ambos|ambas|tod[oa]s|cada|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|docena|varios|varias"),
    negated=either(
        "no|nunca|jamás|ningun[oa]|ningún|tampoco|ni|excepto|salvo|sin|en vez|en lugar|otro que|aparte|fals[oa]",
        "incorrect[oa]|erróne[oa]|a diferencia",
    ),
    condition=re.compile(r"\s*(?:si|salvo|excepto|de\s+lo\s+contrario|no|nunca|cuando)\b", re.IGNORECASE),
    who=either("(?:a|de) (?:quién|quien)|quién(?:es)?|quien|cuál(?:es)?|qué|que"),
    which=wordlist("qué cuál cuáles"),
    cues={
        "date": either("cuándo|qué (?:día|fecha)|en qué fecha"),
        "money": either("cuánto cuesta\\w*|cuánto|cuesta\\w*|precio|costo|coste|pagad[oa]"),
        "email": re.compile(r"\A(?!.*\bquién\b).*\b(?:e-?mail|correo)\b", re.IGNORECASE | re.DOTALL),
        "url": either("url|enlace|sitio|página web"),
    },
    cue_words=wordlist("cuesta cuestan costaba precio costo coste pagado fecha día email correo url enlace sitio web"),
    plural=either("son|eran"),
    past=either("era|eran|fue|antes|anteriormente|previamente|luego|después"),
    whose=re.compile(r"\b(?:mi|mis|tu|tus|su|sus|nuestr[oa]s?|vuestr[oa]s?)\s+(?:\w+\s+){0,2}\Z", re.IGNORECASE),
    corrected=either("corrección|rectificación|fe de erratas|quise decir|quería decir|mi error|intercambiad[oa]s"),
    form=re.compile(rf"\b(?:en|como|sin|por)\s+(?:formato\s+)?{_THE}?(?P<form>[^\W\d_]+)", re.IGNORECASE),
    limits=either(
        "incluye|incluyendo|entre|al menos|como mínimo|como máximo|aproximadamente|alrededor|pensaba"
        "|empieza[n]? (?:por|con)",
        "comienza[n]? (?:por|con)|termina[n]? (?:en|con)|contiene[n]?|superior a|inferior a",
    ),
    behind=re.compile(rf"\b(?:(?:en|de|para|a|con|sobre|por)\s+{_THE}?|(?:del|al)\s+)\Z", re.IGNORECASE),
    head=re.compile(rf"(?P<head>[^\W_]+)\s+(?:del\s+|de\s+{_THE}?)\Z", re.IGNORECASE),
    related=re.compile(rf"\b(?P<noun>[^\W\d_]+)\s+(?:del\s+|de\s+{_THE}?)\Z", re.IGNORECASE),
    owned=re.compile(rf"{_NEVER}(?P<noun>\w+)"),
    order=re.compile(
        r"\b(?P<unwanted>no\s+(?:el\s+|la\s+)?)?"
        r"(?:(?P<first>(?:primer[oa]?s?|inicial(?:mente)?|original(?:mente)?)\b(?!,))"
        r"|(?:últim[oa]s?|actual(?:es|mente)?|recientes?|final(?:mente)?|vigente|definitiv[oa])\b)",
        re.IGNORECASE,
    ),
    idle=either(
        "(?:solo|sólo|solamente|únicamente) (?:con )?el valor|con el valor (?:solo|solamente|únicamente)",
        "(?:en|con) (?:una (?:sola )?(?:frase|línea)(?: corta)?|una (?:sola )?palabra|pocas palabras)|en resumen",
        "en el (?:texto|documento|mensaje)(?: de (?:arriba|abajo))?|en la tabla",
        "si es posible|sin (?:más |dar )?(?:explicación|explicaciones|comentarios?)",
    ),
    example=re.compile(
        r"\b(?:por\s+ejemplo|p\.\s?ej\.|ejemplo(?:\s+de\s+\w+)?\s?:|formato\s?:|como\s+sigue|así\s?:|tal\s+como)"
        r"[^\n]{0,40}\Z",
        re.IGNORECASE,
    ),
)

_BEING = "es|son|era|eran|fue|está|están|equivale[ \\t]a|vale|asciende[ \\t]a|ascendía[ \\t]a|resulta|queda"
_NUMBERED = (
    "(?:(?:lleva|llevaba)[ \\t](?:el|la)|tiene[ \\t](?:por|como))[ \\t](?P<kind>número|código|referencia|nombre|precio)"
)
_CHANGED = (
    "cambiad[oa]s?|modificad[oa]s?|corregid[oa]s?|aumentad[oa]s?|subid[oa]s?|reducid[oa]s?|bajad[oa]s?|movid[oa]s?"
    "|trasladad[oa]s?|aplazad[oa]s?|fijad[oa]s?|actualizad[oa]s?"
)
_TURNED = (
    "cambió|pasó|subió|bajó|aumentó|se[ \\t]cambió|se[ \\t]modificó|se[ \\t]corrigió|se[ \\t]redujo|ha[ \\t]pasado"
)
_NOW = "ahora|actualmente|ya|hoy"

_STATEMENTS = Statements(
    verbs=(
        rf"{_NUMBERED}"
        rf"|(?:(?:ha[ \t]sido|fue|era)[ \t](?:{_CHANGED})|{_TURNED})[ \t](?P<from>de|del)"
        rf"|(?:(?:ha[ \t]sido|fue)[ \t](?:{_CHANGED})|{_TURNED})[ \t](?:a|al|en)"
        rf"|(?:(?:{_NOW})[ \t])?(?:{_BEING})(?:[ \t](?:{_NOW}|todavía|aún))?(?:[ \t]de(?=[ \t]\S))?"
        r"|(?P<has>tiene|tenía|posee|lleva)"
    ),
    new=re.compile(rf"\b(?:(?:{_NOW})[ \t]+(?:\w+[ \t]+)?|a[ \t]+|al[ \t]+)\Z"),
    to="a|al|en",
    at="el|a|al|en|por",
    being=f"{_BEING}|(?:es|son)[ \\t]de",
    equal="es|son|era|eran|fue|equivale",
    changed=rf"(?:{_CHANGED})\s+(?:a|al|en)",
    determiners=wordlist(
        "el la los las un una unos unas mi mis tu tus nuestro nuestra nuestros nuestras vuestro vuestra este",
        "esta estos",
        "estas ese esa aquel aquella",
    ),
    the=wordlist("el la los las"),
    mine=wordlist("mi mis nuestro nuestra nuestros nuestras vuestro vuestra tu tus"),
    others=wordlist("su sus suyo suya"),
    doubts=_DOUBTS,
    denied=either(
        rf"(?:es|era|sería|resulta|eso es|esto es) (?:simplemente |totalmente )?{_UNTRUE}",
        "no (?:es|era) (?:verdad|cierto|correcto|exacto|seguro|así)|(?:falso|incorrecto)(?=:)",
        f"(?:nadie|ningún \\w+|ninguno)\\b[^.;:]{{0,40}}\\b{_SAID}",
        f"(?:algun[oa]s|much[oa]s|vari[oa]s)\\b[^.;:]{{0,40}}\\b{_SAID}|se rumorea|corre el rumor|el rumor|se dice",
        f"no (?:se |me |lo |ha |han |he )*{_SAID}|nunca (?:se |ha |han )?{_SAID}",
        "dud(?:a|an|o|amos|aba|ó)|nieg(?:a|an|o|ue)|neg(?:ó|aron|aba)|desmient(?:e|en)|desmintió|cuestion(?:a|an|ó)",
        f"{_SAID} que",  # somebody else says so
        "refut(?:a|ó)|falsamente|erróneamente|equivocadamente|por error|supuestamente|presuntamente",
    ),
    denied_after=re.compile(
        "[\"'\u201d\u00bb)]*[.,;]?\\s+(?:lo\\s+(?:cual|que)|pero\\s+(?:eso\\s+|esto\\s+)?|eso|esto|cosa\\s+que)\\s*"
        f"(?:es|era|no\\s+es|no\\s+era)\\s+(?:{_UNTRUE}|verdad|cierto|correcto|así)\\b(?!\\s*:|,?\\s+que\\b)",
        re.IGNORECASE,
    ),
    contrast=either("pero|sino|sin embargo|no obstante|en realidad|de hecho|aunque|mientras que|en cambio"),
    not_names=_DOUBTS
    | wordlist(
        "él ella ellos ellas ello esto eso aquello yo tú nosotros usted ustedes se lo me te nos todo todos todas",
        "algunos",
        "algunas también solo casi más menos en sobre para por con como a al entre hacia alrededor hay aquí allí",
    ),
    of=wordlist("de del para"),
    on=wordlist(
        "y e o u pero así que porque quien donde cuando cual si a al en para por desde hasta sobre con sin el la",
        "los las",
        "de del es son está tiene como según hoy mientras tras bajo dentro entre no",
    )
    | _ADVERBS,
    adverbs=_ADVERBS,
    range=wordlist("a o u y"),
    belongs=re.compile(
        rf"(?<=[\w)€$£%])[ \t](?P<verb>es|era|como)[ \t](?:el|la)[ \t]"
        rf"(?P<attribute>[\w-]{{1,40}}(?:[ \t][\w-]{{1,40}}){{0,4}}?)[ \t]de[ \t](?P<owner>{_NAME})(?<=\w)"
        r"(?=[.,;!]|[ \t]y\b|[ \t]*[\r\n]|[ \t]*\Z)"
    ),
    noted="como",
    whose=re.compile(
        rf"(?:\A|(?<=[\s\"'(]))(?:Para|Sobre)[ \t]{_THE}?"
        rf"(?P<owner>(?:[^\W\d_][\w-]{{1,20}}[ \t])?(?:{_NAME}|#?\d[\w-]{{0,20}})),[ \t]\Z"
    ),
    owner=re.compile(rf"{_NEVER}(?P<owner>\w)"),
    owned=re.compile(
        rf"{_NEVER}(?P<owner>.)(?P<attribute>.)|(?P<noun>.{{1,60}}?)[ \t]"
        r"(?:(?:de|para)[ \t](?:(?:la|el|los|las)[ \t])?|del[ \t])"
        rf"(?P<of>(?:{_UPPER}|[^\W\d_]{{2,20}}[ \t][\w-]*\d).{{0,60}})"
    ),
    states=wordlist("estado estatus situación"),
    clause=re.compile(
        "(?<![\\w'\u2019.@-])(?:yo|tú|él|ella|nosotros|ellos|ellas|usted|ustedes|es|son|era|eran|fue|soy|eres|somos|"
        "está|están|estaba|será|ha|han|había|tiene|tienen|puede|puedes|podría|debe|deben|hay|dijo|dice|preguntó|"
        "respondió|por[ \t]favor|qué|que)(?![\\w.@-])",
        re.IGNORECASE,
    ),
    clause_names=frozenset(),
    request=re.compile(
        "(?:por[ \t]favor\\b|(?:responde|responda|escribe|escriba|da|dame|déme|di|dime|dígame|indica|indícame|indique|"
        "muestra|muéstrame|muestre|busca|busque|encuentra|repite|cita|usa|use|utiliza|utilice)[ \t]"
        "(?:en|con|como|el|la|los|las|un|una|me|nos|solo|sólo|solamente|exactamente|cuál|qué|por|sobre|para)\\b"
        "|(?:quiero|queremos|quisiera|necesito|necesitamos|busco|buscamos)[ \t](?:saber|conocer|ver|el|la)\\b)",
        re.IGNORECASE,
    ),
    placeholder="VALOR|RESPUESTA|VALUE|ANSWER",
    assign="set|let|var|const|export|definir",
    questions=wordlist("pregunta consulta query q"),
    number_mark=r"[Nn]\.?[\u00ba\u00b0]|[Nn]úm\.|[Nn]o\.|[Nn]úmero[ \t]",
    hers=re.compile(r"\b(?:su|sus)[ \t]\Z", re.IGNORECASE),
    no_nouns=wordlist(
        "y como a al llame llamar llama marque ver véase para de del el la los las en sobre por o con sin bajo hasta",
        "es era desde según",
    ),
    each="@|a",
    every="cada un[oa]|la unidad|c/u",
    value_headings=wordlist("valor value"),
    asked_of_keys={"money": "precio", "date": "fecha"},
    value="valor",
    possession="{attribute} de {owner}",
)

SPANISH = Language(
    name="spanish",
    locale="es_ES",
    stemming=snowball("spanish"),
    vocabulary=_VOCABULARY,
    marks=_MARKS,
    questions=_QUESTIONS,
    statements=_STATEMENTS,
    speech=SPEECH,
    changes=CHANGES,
    disowning=DISOWNING,
    unsettling=UNSETTLING,
    asking=ASKING,
    items=ITEMS,
    nouns=NOUNS,
    citing=Citing(
        sources="fuente",
        parts="documento|pasaje",
        leads="véase",
        counting="n°",
        joining="y",
        headings="fuentes|referencias|bibliografía",
        ranges="son",
    ),
)
"""Spanish."""
