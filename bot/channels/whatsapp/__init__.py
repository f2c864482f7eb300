"""The channel to the WhatsApp Cloud API: one concept a module, none of them holds state."""
