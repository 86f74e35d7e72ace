"""Holds the words of Spanish items with known answers, by which a verifier is found able to judge or not."""

from __future__ import annotations

from guardbind.text.item_words import ItemDomain

__all__ = ["ITEMS"]

ITEMS = (
    ItemDomain(
        name="staff",
        owners=("Inés", "Tomás", "Carla", "Marta", "Hugo", "Pilar"),
        attributes=("número de credencial", "número de extensión", "número de taquilla", "número de despacho"),
        values=("4417", "8213", "5096", "7730", "2948", "6651"),
        states="El {attribute} de {name} es el {value}.",
        claims="{name} tiene el {attribute} {value}.",
    ),
    ItemDomain(
        name="parcels",
        owners=("K-12", "K-57", "R-03", "R-88", "T-41"),
        attributes=("ciudad de origen", "ciudad de destino", "próxima parada"),
        values=("Turín", "Oporto", "Gdansk", "Lyon", "Graz", "Malmö"),
        states="La {attribute} del paquete {name} es {value}.",
        claims="{value} es la {attribute} del paquete {name}.",
    ),
    ItemDomain(
        name="clinic",
        owners=("Daniel Adeyemi", "Ana Brandt", "Luis Castro", "Rosa Dahl", "Óscar Evans"),
        attributes=("dosis de la mañana", "dosis de la noche", "dosis inicial"),
        values=("5 mg", "10 mg", "20 mg", "40 mg", "75 mg"),
        states="{name} | {attribute}: {value}",
        claims="La {attribute} de {name} es de {value}.",
    ),
    ItemDomain(
        name="machines",
        owners=("la prensa A", "la prensa B", "la fresadora C", "la sierra D", "la taladradora E"),
        attributes=("limpieza", "supervisión", "reparación"),
        values=("Olga", "Pedro", "Nuria", "Rosa", "Sergio", "Tania"),
        states="{attribute} de {name} = {value}",
        claims="{value} se encarga de la {attribute} de {name}.",
    ),
    ItemDomain(
        name="rooms",
        owners=("la sala del roble", "la buhardilla", "la biblioteca", "la bodega", "la galería"),
        attributes=("color de las paredes", "color del suelo", "color de la llave"),
        values=("verde", "gris", "blanco", "azul", "rojo", "amarillo"),
        states="Según el plano, {name} tiene como {attribute} el {value}.",
        claims="El {attribute} de {name} es el {value}.",
    ),
)
