"""The fixture of the top-level ``conftest.py`` in use: what a user of the example may submit."""

from __future__ import annotations

import psycopg
import pytest

SUBMIT = """
    INSERT INTO submissions (id, user_id, activity_code, payload, attachments, updated_at)
    VALUES (%s, 'u1', %s, %s, '[]', now())
"""


def test_learn_is_handed_in_once(learner: psycopg.Connection) -> None:
    learner.execute(SUBMIT, ("s1", "LEARN", "{}"))
    with pytest.raises(psycopg.errors.UniqueViolation, match="uniq_learn_active_submission"):
        learner.execute(SUBMIT, ("s2", "LEARN", "{}"))


def test_fifty_peers_may_be_trained_in_a_week_and_no_more(learner: psycopg.Connection) -> None:
    learner.execute(SUBMIT, ("s1", "AMPLIFY", '{"peersTrained": 50}'))
    with pytest.raises(psycopg.errors.CheckViolation, match="Peer training limit exceeded"):
        learner.execute(SUBMIT, ("s2", "AMPLIFY", '{"peersTrained": 1}'))
