"""Settings become parts: what a node, or a command without one, is made of.

One module a kind of part, and none of them imports what only another kind needs: a process loads what its role takes
([decision 0020](../../deploy/decisions/0020-a-role-starts-alone.md)).
"""
