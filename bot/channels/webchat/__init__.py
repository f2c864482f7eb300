"""Web chat: sessions, messages and their stream over HTTP (docs/webchat.md)."""
