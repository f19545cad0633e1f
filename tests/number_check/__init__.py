"""The check that numbers in prose are computed: digits that were typed, and addresses in pages."""
