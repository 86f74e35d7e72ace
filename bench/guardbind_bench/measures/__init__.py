"""The measures: how trials become records, one file per measure."""
