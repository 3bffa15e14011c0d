"""What came before: earlier assessments, from the node's record or found in reports of others."""
