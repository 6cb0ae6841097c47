"""Many small texts encrypted so that hundreds of them are decrypted in one step, as a decision reads a history.

AES-256 in counter mode (NIST SP 800-38A, 6.5), each cell of 48 bytes from a random block of its own: the counter blocks
of all cells are made and encrypted at once. Unlike everything else that is encrypted, a cell is not authenticated:
whoever can write to the database can spoil a signal, as whoever can call the API can invent one, but cannot read it.
"""

import os
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

_BLOCK, _TEXT = 2, 6

_CELL = _BLOCK + _TEXT

TEXT_BYTES, CELL_BYTES = 8 * _TEXT, 8 * _CELL

# In words of 8 bytes, the least first: a block is two, and a cell is the first block and three of text.
_WORD = np.dtype("<u8")


def encrypt_batch(key: bytes, texts: Sequence[bytes]) -> list[bytes]:
    """Each text as a run of whole cells of 64 bytes; the text is filled up with spaces."""
    counts = [-(-len(text) // TEXT_BYTES) for text in texts]
    padded = b"".join([text.ljust(count * TEXT_BYTES) for text, count in zip(texts, counts, strict=True)])
    plain = np.frombuffer(padded, _WORD).reshape(-1, _TEXT)
    first = np.frombuffer(os.urandom(8 * _BLOCK * len(plain)), _WORD).reshape(-1, _BLOCK)
    cells = np.concatenate((first, plain ^ _key_stream(key, first)), axis=1).tobytes()
    ends = accumulate([count * CELL_BYTES for count in counts], initial=0)
    return [cells[begin:end] for begin, end in pairwise(ends)]


def decrypt_batch(key: bytes, cells: bytes) -> bytes:
    """The texts of any number of cells, one after another, with the spaces that fill them."""
    found = np.frombuffer(cells, _WORD).reshape(-1, _CELL)
    return (found[:, _BLOCK:] ^ _key_stream(key, found[:, :_BLOCK])).tobytes()


Words = NDArray[np.uint64]

_STEPS = np.arange(_TEXT // _BLOCK, dtype=_WORD)


def _key_stream(key: bytes, first: Words) -> Words:
    blocks = np.empty((len(first), len(_STEPS), _BLOCK), _WORD)
    blocks[:, :, 0] = first[:, :1]
    np.add(first[:, 1:], _STEPS, out=blocks[:, :, 1])
    # No block is ever the same as another, so encrypting each by itself is counter mode over all cells.
    made = Cipher(AES256(key), ECB()).encryptor().update(blocks.tobytes())  # noqa: S305
    return np.frombuffer(made, _WORD).reshape(-1, _TEXT)
