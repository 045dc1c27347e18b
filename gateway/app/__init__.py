"""Assembly: builds the graph of objects, binds sockets, answers signals. No rules live here."""
