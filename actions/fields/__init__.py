"""Reading what users type for a field: numbers, codes, addresses, names.

``parse`` reads the answer to a question, ``find`` and ``labelled`` pick values out of any
message. Rules: the domain study, section 2. Words: ``data/fields``. Nothing here does I/O except
reading those two files once, and nothing is logged.
"""

from actions.fields.finding import find, is_correction, labelled, rest
from actions.fields.freetext import bare
from actions.fields.reading import parse
from actions.fields.words import (
    NAMES,
    FieldError,
    FieldText,
    SupplierType,
    describe,
    is_searchable,
    supplier_name,
    supplier_types,
)

__all__ = [
    "NAMES",
    "FieldError",
    "FieldText",
    "SupplierType",
    "bare",
    "describe",
    "find",
    "is_correction",
    "is_searchable",
    "labelled",
    "parse",
    "rest",
    "supplier_name",
    "supplier_types",
]
