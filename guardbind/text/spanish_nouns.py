"""Lists the Spanish nouns that say of which kind something is, as `nouns` tells them apart."""

from __future__ import annotations

from guardbind.text.nouns import Nouns
from guardbind.text.wordlists import wordlist

__all__ = ["NOUNS"]

NOUNS = Nouns(
    things=wordlist(
        "almacén aparato apartamento autobús avión barco buque camión casa clase clínica coche curso depósito",
        "edificio",
        "entrega envío equipo escuela fábrica factura finca granja habitación hospital hotel laboratorio libro línea",
        "local modelo museo muestra máquina oficina paquete pedido planta plato producto proyecto receta",
        "restaurante sala",
        "servidor sucursal taller tienda tren vehículo vuelo",
    ),
    places=wordlist(
        "almacén clínica depósito escuela fábrica finca granja hospital hotel laboratorio local museo oficina planta",
        "sucursal taller tienda",
    ),
    links=wordlist("de del en"),
    fields=wordlist(
        "apartado atributo campo casilla categoría columna concepto dato entrada epígrafe fila línea",
        "propiedad rubro valor",
    ),
    entries=wordlist("dato información valor"),
)
