"""The language toolbox: units, tokens, vectors, polarity, aspects. Knows no stage and no database."""
