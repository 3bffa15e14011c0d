"""A site tries the node on its own readings: what its table says, how well the two agree, and what would correct the rest."""
