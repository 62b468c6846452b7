"""The exceptions of winsextract, all below one base class.

```
WinsextractError            anything that stops a report; the message says where and what to do
├── ReadError               a file cannot be read as a report
│   └── MissingExtraError   … because an optional library is not installed
├── ModelError              a model is missing, damaged or of another version
├── ConservationError       a character of the report would be lost or counted twice
└── DatasetError            the output folder cannot be read or written
    └── LockedError         … because another run is writing to it
```
"""

from __future__ import annotations


class WinsextractError(Exception):
    """Base of everything that winsextract raises on purpose."""


class ReadError(WinsextractError):
    """A file cannot be read as a report."""


class MissingExtraError(ReadError):
    """A file's kind needs an optional library."""


class ModelError(WinsextractError):
    """A model is missing, damaged or made for another version."""


class ConservationError(WinsextractError):
    """A character of the report is in no piece, or in two."""


class DatasetError(WinsextractError):
    """The output folder cannot be read or written."""


class LockedError(DatasetError):
    """Another run is writing to the output folder."""
