"""The service catalogue: what HAI-DJPb offers, to whom, through which channel, and how fast."""

from bot.catalogue.catalogue import Catalogue
from bot.catalogue.services import Service

__all__ = ["Catalogue", "Service"]
