"""The signal words that come along: they fire for what customers write, and not for what only looks like it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from bridge.mapping.document import parse
from bridge.mapping.signals import Signal, signal
from bridge.mapping.words import folded, pieces

FOLDER = Path(__file__).parents[2] / "mappings" / "signals"
NAMES = ("angry", "buying", "legal", "urgent")
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")


def loaded(name: str) -> Signal:
    made, wrong = signal(parse((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml"))
    assert wrong == []
    return made


SIGNALS = {name: loaded(name) for name in NAMES}


def fired(text: str, language: str) -> list[str]:
    """The signals that fire for a text, in alphabetical order."""
    here = folded(text)
    return [name for name in NAMES if SIGNALS[name].fires(here, pieces(here), language)]


HEARD: dict[str, Sequence[tuple[str, str]]] = {
    "en": [
        ("Third time this week. This is RIDICULOUS, I'm fed up with you", "angry"),
        ("Absolutely the worst customer service ever!!", "angry"),
        ("Your customer service is terrible", "angry"),
        ("Call me back as soon as possible", "urgent"),
        ("Is this still available?", "buying"),
        ("Please call me asap, my card was stolen", "urgent"),
        ("The charger caught fire last night", "urgent"),
        ("You’ll hear from my lawyer", "legal"),
        ("I want a GDPR export, or I file a formal complaint", "legal"),
        ("Hi! How much is it, and do you ship to Norway?", "buying"),
    ],
    "de": [
        ("Eine Unverschämtheit ist das! Mir reicht's", "angry"),
        ("Ich bin stinksauer", "angry"),
        ("Ich habe die Schnauze gestrichen voll", "angry"),
        ("Unverschaemt ist das", "angry"),
        ("Bitte so schnell wie möglich antworten", "urgent"),
        ("Das ist illegal", "legal"),
        ("Bitte DRINGEND melden", "urgent"),
        ("Mein Konto wurde gehackt", "urgent"),
        ("Dann geht das an meinen Anwalt und die Verbraucherzentrale", "legal"),
        ("Was kostet der Router, und liefert ihr auch nach Österreich?", "buying"),
    ],
    "fr": [
        ("C’est honteux, j'en ai marre", "angry"),
        ("Vous vous moquez de moi ?", "angry"),
        ("Merci de répondre dès que possible", "urgent"),
        ("Je vous mets en demeure", "legal"),
        ("URGENT svp, on m'a fait un prélèvement frauduleux", "urgent"),
        ("Je vais porter plainte et contacter la DGCCRF", "legal"),
        ("Bonjour, combien coûte le forfait ?", "buying"),
    ],
    "es": [
        ("Qué vergüenza de empresa, estoy harta", "angry"),
        ("Qué asco de atención al cliente", "angry"),
        ("Os voy a demandar", "legal"),
        ("Es urgente, me robaron la tarjeta", "urgent"),
        ("Voy a poner una denuncia, lo lleva mi abogado", "legal"),
        ("Hola, ¿cuánto cuesta? Quiero comprar dos", "buying"),
    ],
    "it": [
        ("Vergognatevi! Non ne posso più", "angry"),
        ("Mi state prendendo in giro", "angry"),
        ("Farò denuncia", "legal"),
        ("È urgente, la batteria ha preso fuoco", "urgent"),
        ("Procederemo per vie legali con il nostro avvocato", "legal"),
        ("Buongiorno, quanto costa? Vorrei ordinare", "buying"),
    ],
    "nl": [
        ("Schandalig! Ik ben woedend", "angry"),
        ("Slechtste klantenservice ooit", "angry"),
        ("Mijn pas is gestolen", "urgent"),
        ("Dringend: mijn pas gestolen", "urgent"),
        ("Ik ga naar de geschillencommissie en schakel rechtsbijstand in", "legal"),
        ("Hoi, wat kost deze en leveren jullie in België?", "buying"),
    ],
    "pt": [
        ("Péssimo atendimento, uma vergonha", "angry"),
        ("Cheira a gás em casa", "urgent"),
        ("Isto é ilegal", "legal"),
        ("Preciso de ajuda com urgência, é urgente, fui hackeada", "urgent"),
        ("Vou ao Procon e falo com o meu advogado", "legal"),
        ("Olá, quanto custa? Quero comprar", "buying"),
    ],
}
"""Language -> what customers write, and the one signal that it gives."""

HARMLESS: dict[str, Sequence[str]] = {
    "en": [
        "Thanks, that was fast! Great service as always",
        "Sorry to bother you again, where can I change my address?",
        "The app closes immediately after the update",
        "I can't wait for the new phone!",
        "Is this mail from you a scam?",
        "I did not sign up for this newsletter, please take me off",
        "I'm a new customer and cannot log in",
        "My pre-order has not arrived yet",
        "Where do I store my emergency contact?",
        "Which pressure regulator fits this hob?",
        "I urge you to bring the blue one back",
        "The support answered right away, well done",
        "Which plan am I on?",
        "What happened to the price?",
    ],
    "de": [
        "Danke, das wurde umgehend gelöst. Super Service!",
        "Der Preis ist lächerlich niedrig, toll",
        "Nie wieder ohne dieses Gerät!",
        "Die rote Lampe am Router brennt, ist das normal?",
        "Hat keine Eile, ich habe es nicht eilig",
        "Das geht heute noch nicht, morgen vielleicht",
        "Wann ist das Netz wieder verfügbar?",
        "Ich bin Neukunde und komme nicht ins Kundenportal",
        "Ich habe eine Mail von Betrügern bekommen, ist die von euch?",
        "Klagenfurt ist schön",
        "Welchen Tarif habe ich aktuell?",
        "Liegt das Kabel unterirdisch?",
        "Wen rufe ich im Notfall an?",
        "Danke für die schnelle Hilfe",
    ],
    "fr": [
        "Merci pour la réponse, c'est parfait",
        "La recette avec un avocat et du citron est dans l'appli",
        "Ce message est-il une tentative d'arnaque ?",
        "Où puis-je changer mon contact d'urgence ?",
        "Cela n'arrivera plus jamais, merci",
        "L'article était en stock mais je ne l'ai pas reçu",
        "Je suis nouveau client et je n'arrive pas à me connecter",
        "Quel forfait ai-je actuellement ?",
        "Quand livrez-vous ma commande ?",
        "Le robinet commence à fuir",
    ],
    "es": [
        "Gracias, sos un genio",
        "La aplicación se cierra de inmediato",
        "A mi juicio la nueva tarifa es mejor",
        "¿Este correo es una estafa?",
        "¿Dónde cambio el contacto de emergencia?",
        "El código de descuento no funciona",
        "Nunca más tuve problemas, gracias",
        "¿Qué plan tengo contratado?",
        "¿Qué tarifa tengo?",
    ],
    "it": [
        "Grazie mille, servizio ottimo",
        "Ho ricevuto una mail truffa a nome vostro",
        "Dove cambio il numero di emergenza?",
        "Il negozio vicino al tribunale è chiuso?",
        "Non è mai più successo, grazie",
        "Il codice sconto non funziona",
        "Consegnate in ritardo ogni volta",
        "Quale piano ho attivo?",
        "Il pacco arriva entro oggi?",
    ],
    "nl": [
        "Bedankt, razend snel geholpen!",
        "De app stopt onmiddellijk na het openen",
        "Vandaag nog niet, morgen pas",
        "Is dit bericht van oplichters?",
        "Ik ben niet geïnteresseerd in reclame",
        "Het was een lang proces, maar nu werkt het",
        "Ik ben een nieuwe klant en kan niet inloggen",
        "Welk abonnement heb ik?",
        "Het zat niet in de doos",
    ],
    "pt": [
        "Obrigado, atendimento excelente",
        "Ainda hoje não funciona",
        "Este e-mail é de vigaristas?",
        "Onde mudo o contacto de emergência?",
        "O cupom de desconto não funciona",
        "Nunca mais tive problemas, obrigada",
        "Quero parcelar a minha fatura",
        "Qual o valor da minha fatura?",
        "Qual plano eu tenho?",
    ],
}
"""Language -> what nobody should be alarmed by, nor be glad of."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_customers_write_gives_its_signal(language: str) -> None:
    texts = HEARD[language]

    assert [(text, *fired(text, language)) for text, _ in texts] == list(texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_customers_write_gives_its_signal_where_no_language_is_known(language: str) -> None:
    assert [(text, name) for text, name in HEARD[language] if name not in fired(text, "")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_harmless_gives_none(language: str) -> None:
    found = {text: [*fired(text, language), *fired(text, "")] for text in HARMLESS[language]}

    assert {text: names for text, names in found.items() if names} == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_list_has_every_language_in_one_order_and_begins_with_how_to_change_it(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    languages = list(SIGNALS[name].lists)

    assert text.startswith(
        "# yaml-language-server: $schema=../schemas/signals.schema.json\n#\n# Words and phrases"
    )
    assert "# Change it as you like" in text
    assert [one for one in languages if one != "any"] == list(LANGUAGES)
    assert [
        code for code, some in SIGNALS[name].lists.items() if code != "any" and sum(map(len, some.values())) < 40
    ] == []


def test_the_folder_holds_these_and_connections_yaml_names_them() -> None:
    offered = (FOLDER.parent / "connections.yaml").read_text(encoding="utf-8")

    assert sorted(path.stem for path in FOLDER.iterdir()) == list(NAMES)
    assert sorted(re.findall(r"#(\w+): signals/\1\.yaml", offered)) == list(NAMES)
