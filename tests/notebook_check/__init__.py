"""The check that notebooks hold what their code gives: stored cells, and outputs compared anew."""
