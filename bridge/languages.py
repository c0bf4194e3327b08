"""The codes of languages, as platforms, mappings and the detector write them. Pure."""

from __future__ import annotations

import re

TABLE = """
aa ab ae af ak als am an ar arz as ast av ay az azb ba bar bcl be bg bh bi bm bn bo bpy br bs bxr ca
cbk ce ceb ch ckb co cr cs cu cv cy da de diq dsb dty dv dz ee el eml en eo es et eu fa ff fi fj fo
fr frr fy ga gd gl gn gom gu gv ha he hi hif ho hr hsb ht hu hy hz ia id ie ig ii ik ilo io is it iu
ja jbo jv ka kg ki kj kk kl km kn ko kr krc ks ku kv kw ky la lb lez lg li lmo ln lo lrc lt lu lv
mai mg mh mhr mi min mk ml mn mr mrj ms mt mwl my myv mzn na nah nap nb nd nds ne new ng nl nn no nr
nv ny oc oj om or os pa pam pfl pi pl pms pnb ps pt qu rm rn ro ru rue rw sa sah sc scn sco sd se sg
sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty tyv ug uk ur uz
ve vec vep vi vls vo wa war wo wuu xal xh xmf yi yo yue za zh zu
"""
CODES = frozenset(TABLE.split())
"""ISO 639-1, and what the detector knows beyond that: https://fasttext.cc/docs/en/language-identification.html"""

BELONGS = {"nb": "no", "nn": "no", "fil": "tl", "iw": "he", "in": "id", "ji": "yi"}
"""Norwegian in its two spellings, Filipino, and codes of old that X and others still write -> what they count as.

https://www.iana.org/assignments/language-subtag-registry/language-subtag-registry
"""

TAG = re.compile("([a-z]{2,3})(-[a-z0-9]{1,8})*")


def spelled(language: str) -> str:
    """A language in one spelling: de-at for de_AT."""
    return language.strip().casefold().replace("_", "-")


def known(language: str) -> bool:
    """Whether there is such a language, alone or of some country: de, pt-BR."""
    tag = TAG.fullmatch(spelled(language))
    return bool(tag and (tag[1] in CODES or tag[1] in BELONGS))


def wider(language: str) -> tuple[str, ...]:
    """The language and what it belongs to, from the narrowest on: ("de-at", "de") of de-AT; () = it is unknown."""
    if not known(language):
        return ()
    parts = spelled(language).split("-")
    broader = BELONGS.get(parts[0])
    return (*("-".join(parts[:end]) for end in range(len(parts), 0, -1)), *([broader] if broader else []))
