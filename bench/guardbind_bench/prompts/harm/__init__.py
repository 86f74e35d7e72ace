"""Makes the prompts on which harm is measured: records, corrections, strangers and many forms, each with a twin."""
