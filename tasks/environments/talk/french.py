"""What simulated participants say in French: the phrases of ``phrases``, purpose by purpose.

The same holds of them as there: a sentence on the matter has at least fifteen words, and only
phrases of their own purpose carry its cue.
"""

from __future__ import annotations

PHATIC: tuple[str, ...] = (
    "Parfait, merci à tous !",
    "Très bien, c'est noté.",
    "Merci, c'est utile.",
    "Super, à bientôt.",
    "Bonjour à tous, ravi d'être là.",
    "Rien à ajouter de mon côté.",
    "Bien reçu, merci.",
    "Entendu.",
    "Bravo à tous.",
    "Très bonne idée, merci.",
)

AGREE_PHATIC: tuple[str, ...] = (
    "Je suis d'accord avec {name}, merci !",
    "D'accord, {name} a raison.",
    "Tout à fait d'accord avec {name}.",
)

AGREE: tuple[str, ...] = (
    "Je suis d'accord avec {name} sur ce point : {topic}.",
    "{name} a raison au sujet de {topic}.",
    "Je suis d'accord avec {name} : c'est la voie à suivre.",
)

META: tuple[str, ...] = (
    "Avant d'aller plus loin, prenons un sujet à la fois pour que cette discussion avance.",
    "Je propose notre façon de procéder : dix minutes sur {topic}, puis une synthèse.",
    "Faisons le point sur cette discussion avant d'ouvrir un autre fil.",
    "Cette discussion tourne en rond, il faut convenir de notre façon de procéder.",
    "Un mot sur notre méthode : tout le monde parle en même temps.",
    "Avant de continuer, faisons le point : {topic} reste ouvert, le reste est réglé.",
)

LEAD: tuple[str, ...] = (
    "@{name}, peux-tu prendre en charge {task} et nous faire un retour au prochain tour ?",
    "@{name}, merci de préparer {task} pour demain.",
    "@{name}, peux-tu rédiger {task} ?",
    "@{name}, merci de regarder {task}, tu connais le mieux le sujet.",
)

TASKS: tuple[str, ...] = (
    "le chiffrage",
    "le plan pour {topic}",
    "la liste des risques",
    "un premier calendrier",
    "les points ouverts sur {topic}",
    "une note d'une page sur {topic}",
)

TECH: tuple[str, ...] = (
    "Pour cela je miserais sur {tech}.",
    "Côté technique, {tech} nous mèneraient déjà loin.",
    "Ma proposition est de partir de {tech}, que l'équipe saura exploiter sans peine.",
    "On pourrait combiner {tech} et garder tout le reste simple.",
    "Côté outils, {tech} ont fait leurs preuves et restent abordables.",
)

OPENING: tuple[str, ...] = (
    "Ce qui me frappe dans la demande, c'est {topic}, car cela décide de la place qui reste pour "
    "{other}.",
    "Si je lis bien la demande, {topic} est imposé et c'est sur {other} que nous avons encore une "
    "vraie marge.",
    "Je partirais des gens pour qui {topic} compte, et je remonterais de là jusqu'à {other}, pas à "
    "pas.",
    "La contrainte la plus dure me semble être {topic}, et je me demande ce que cela implique pour "
    "{other}.",
)

MIDDLE: tuple[str, ...] = (
    "Sur {topic} je vois deux options : une petite version que l'on peut tester tôt, ou une "
    "version complète bien plus longue.",
    "Un risque que personne n'a encore nommé, c'est que {topic} grossisse et mange ce qui était "
    "prévu pour {other}.",
    "Il faudrait mettre un chiffre sur {topic}, sinon chaque choix ultérieur sur {other} ne sera "
    "qu'une devinette.",
    "Mon expérience est que {topic} échoue quand cela dépend de {other}, donc je séparerais les "
    "deux au plus vite.",
    "Supposons que l'on coupe {topic} d'un tiers ; alors {other} devient faisable et le reste du "
    "plan change peu.",
    "J'essaierais {topic} avec une poignée de personnes d'abord, car nos hypothèses sur {other} "
    "sont peut-être fausses.",
    "Il y a un compromis ici : chaque heure qui va à {topic} est une heure que {other} n'aura pas.",
    "S'il fallait abandonner l'un des deux, je préférerais abandonner {other} plutôt que de mal "
    "faire {topic}.",
)

CLOSING: tuple[str, ...] = (
    "La décision que je noterais est donc la suivante : {topic} d'abord, {other} ensuite, et un "
    "bilan après deux semaines.",
    "Ce qui reste ouvert pour moi, c'est qui paie pour {topic}, puisque {other} a consommé presque "
    "tout le reste.",
    "Une fois {topic} réglé, on peut écrire le plan et laisser {other} pour une phase ultérieure "
    "sans regret.",
    "Au fond tout revient à {topic}, et sur ce point nous en savons maintenant assez pour décider, "
    "je crois.",
)

BUILDING: tuple[str, ...] = (
    "Pour reprendre ce que {name} disait de {topic} : il y a un moyen moins cher si l'on renonce à "
    "une partie de {other}.",
    "{name} a parlé de {topic}, et j'ajouterais que cela nous lie les mains pour {other} par la "
    "suite.",
    "Je vois {topic} un peu autrement que {name}, surtout parce que {other} nous laisse moins de "
    "temps qu'on ne le croit.",
    "Sur ce que {name} disait de {topic}, une question : est-ce encore vrai si {other} double en "
    "volume ou en prix ?",
)

ABSENT: tuple[str, ...] = (
    "{missing} ne répond plus, à ce que je vois.",
    "Plus de nouvelles de {missing} depuis le message d'erreur.",
)
COVERING: tuple[str, ...] = (
    "{missing} ne répond plus, alors je reprends sa part.",
    "Sans nouvelles de {missing}, je prends en charge sa partie.",
)
REDISTRIBUTING: tuple[str, ...] = (
    "{missing} ne répond plus ; @{name}, peux-tu reprendre sa part ?",
    "Sans nouvelles de {missing}, {name} devrait reprendre sa partie.",
)

CLAIM: tuple[str, ...] = ("En tant que {name}, voici ce que j'en pense.",)
HOLDING: tuple[str, ...] = ("Pour ma part, je tiens pour {option}.",)
TOPICS: tuple[str, ...] = ("objectif", "budget", "calendrier")
AND: str = " et "
