"""Lists the Spanish words of a question that say nothing of which value it asks for, as `english_plain` does."""

from __future__ import annotations

from guardbind.text.wordlists import wordlist

__all__ = ["CARRIERS", "CODED", "PLAIN"]

_HELD = wordlist(
    "usa usan utiliza utilizan",
    "adjunto almacenada almacenado anotada anotado anotados aparecen apunta apuntada apuntado archivada archivado",
    "asignada asignado asignados asociada asociado asociados atribuida atribuido citada citado conocida conocido",
    "consignada consignado consta constan correspondiente correspondientes dada descrito designado detallado",
    "documentado encuentra encuentran escrita escrito especificada especificado existe figura figuran guardada",
    "guardado incluido indicada indicado indicados inscrita inscrito ligada ligado listada listado llevan marcada",
    "marcado mencionada mencionados mostrada mostrado ocupa pertenece pertenecen perteneciente posee presente",
    "publicado puesto recogida recogido referente refiere reflejada reflejado registrada registrado registrados",
    "relacionada relacionado relativa relativo remite señalada señalado tenido toca tocan vale viene vinculada",
    "vinculado asciende ascienden",
)

_ASKED = wordlist(
    "apunte averigua averiguar ayuda ayudar ayúdame busca buscamos busco busque cita citar completa completar",
    "comprobar comprueba comunica comunicar confirma confirmar confirme consulta consultar copia decirnos deme",
    "denos desearía deseo devolver devuelve encontrar encuentra escriba escribe escribir extraer facilita",
    "facilitar facilítame facilíteme falta gustaría hace hacen hacer haga haría haz indicar indicarme indique",
    "interesa lee leer llamar localiza localizar marcar mira mirar mostrarle necesita necesitamos necesitaría",
    "obtener obtén olvidado olvidé pasa pasar pedir pide piden podéis pon poner pongo ponme precisa precisar",
    "preciso preguntan preguntar proporciona proporcionar puedo pásame páseme querría quería quisiera recordar",
    "recuerda recuerdo rellena rellenar repetir repite responder revisa revisar saca sacar sepa sería sirve sé",
    "tenga tomar transcribe vea ver verifica verificar",
)

_MANNER = wordlist(
    "adelantado ahí alguien alguno allí amable antemano apenas añadir breve brevemente caso clara claro",
    "comentario concreta concreto correcta correcto cosa cuestión directamente duda ello enseguida exacta exacto",
    "explicación gracias hola literal literalmente misma mismo momento más nadie palabra palabras preciso propia",
    "propio puramente realmente respectiva respectivo respecto rápidamente rápido simple simplemente solamente",
    "solo sólo tal textual textualmente verdadera verdadero única únicamente único",
)

CARRIERS = wordlist(
    "acta anexo apartado apuntes archivo archivos artículo base bloque cabecera carpeta carta catálogo chat",
    "columna configuración contexto conversación correo csv cuaderno cuadro dato datos diccionario directorio",
    "documento documentos entrada entradas esquema expediente extracto factura ficha fichas fichero ficheros",
    "formulario fuente herramienta hoja html información informe inventario json lista listado listas listín log",
    "logs línea líneas mapa memoria mensaje nota notas objeto panel pasaje perfil programa página páginas párrafo",
    "registro registros relación reporte respuesta resultado resultados resumen salida sección sistema tabla",
    "tablas texto transcripción xml yaml",
)

CODED = wordlist(
    "cadena clave correspondencia código derecha empareja entrada equivalente ficha guid hash id identificador",
    "lado par pareja respuesta resultado token uuid valor",
)

PLAIN = _HELD | _ASKED | _MANNER
