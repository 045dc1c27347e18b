"""Which targets an event goes to, and in what form. Pure: no sockets, no clock, no database."""
