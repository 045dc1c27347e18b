"""Where receipts, events and deliveries are kept. `protocol` is what the rest may rely on."""
