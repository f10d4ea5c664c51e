"""Words and codes: yes and no, consent, codes of the mapping, terms that run on."""
