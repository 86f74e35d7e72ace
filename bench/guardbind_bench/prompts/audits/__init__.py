"""Makes documents with known claims, and reads QuALITY: what audits are measured on."""
