"""The bare programs that measurements are compared with. Pinned: changing one voids old numbers."""
