"""Keep what a record shows in a row of its own: a lead says only how its chat at ALC stands."""

import sqlalchemy as sa
from alembic import op

revision = "0102"
down_revision = "0101"
IS_OPEN = sa.text("status in ('sending', 'pending')")
OLD_COLUMNS = ("version", "shown_version", "writer", "writer_until", "ask_at", "undelivered", "posts", "requested")
RESTORE = """
    update lead set status = case
        when alc_lead_id is not null and undelivered = 'sending' then 'pending'
        when undelivered = 'sending' then 'not_sent'
        else coalesce(undelivered, 'not_sent') end
    where status = 'undeliverable'
"""
"""A lead whose record could not be written gets the status that it has at ALC."""
ONE_OPEN = """
    update lead set status = 'not_sent' where status in ('sending', 'pending') and exists (
        select 1 from lead as other where other.workspace_id = lead.workspace_id
        and other.alc_record_id = lead.alc_record_id and other.status in ('sending', 'pending')
        and (other.created_at, other.id) > (lead.created_at, lead.id))
"""
"""A person has one chat. A second one is kept with its id, so that its verdict is stored."""
FAILED_REQUESTS = """
    update lead set status = 'not_sent', resend_until = created_at
    where requested and (status = 'failed' and occurred_at = 0 or status in ('sending', 'not_sent'))
"""
DUE = """
    update lead set due_at = case status
        when 'sending' then coalesce(due_at, 0) when 'pending' then coalesce(ask_at, 0) end
"""
SYNCS = """
    insert into record_sync (workspace_id, record_id, version, shown_version, due_at, tries, writer_until, changed_at)
    select workspace_id, record_id, 0, 0, null, 0, 0, max(created_at) from lead group by workspace_id, record_id
"""
SHOWN = """
    update record_sync set version = 1, shown_version = case when behind then 0 else 1 end,
        due_at = case when behind then 0 end, alc_lead_id = best.alc_lead_id,
        alc_status = upper(substr(best.status, 1, 1)) || substr(best.status, 2), alc_interest = best.interest
    from (
        select lead.*, version <> shown_version or undelivered is not null as behind, row_number() over (
            partition by workspace_id, record_id
            order by case status when 'pending' then 0 else 1 end,
                case when occurred_at > 0 then occurred_at else created_at end desc) as place
        from lead where status in ('pending', 'complete', 'failed')) as best
    where best.place = 1 and best.workspace_id = record_sync.workspace_id and best.record_id = record_sync.record_id
"""
"""What a record shows: as alc_app/leads/record_values.py says."""


def upgrade() -> None:
    """Make the table from the leads. A record that could not be written before is tried once more."""
    _create_record_sync()
    op.drop_index("one_open_lead_per_record", "lead")
    op.drop_index("leads_to_ask_about", "lead")
    with op.batch_alter_table("lead") as lead:
        lead.add_column(sa.Column("unanswered", sa.Integer(), nullable=False, server_default="0"))
        lead.add_column(sa.Column("resend_until", sa.Float(), nullable=True))
        lead.add_column(sa.Column("sender", sa.String(), nullable=True))
        lead.add_column(sa.Column("name", sa.String(), nullable=True))
        lead.add_column(sa.Column("phone_number", sa.String(), nullable=True))
    op.execute("update lead set unanswered = posts where status = 'sending'")
    op.execute("update lead set alc_record_id = coalesce(alc_record_id, record_id)")
    for statement in (RESTORE, FAILED_REQUESTS, ONE_OPEN, DUE, SYNCS, SHOWN):
        op.execute(statement)
    with op.batch_alter_table("lead") as lead:
        for column in OLD_COLUMNS:
            lead.drop_column(column)
        lead.alter_column("alc_record_id", existing_type=sa.String(), nullable=False)
        lead.create_check_constraint("an_open_lead_is_due", "(status in ('sending', 'pending')) = (due_at is not null)")
    op.create_index("ix_lead_alc_record_id", "lead", ["alc_record_id"], unique=False)
    op.create_index(
        "one_open_lead_per_record",
        "lead",
        ["workspace_id", "alc_record_id"],
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    )


def _create_record_sync() -> None:
    op.create_table(
        "record_sync",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("alc_lead_id", sa.String(), nullable=True),
        sa.Column("alc_status", sa.String(), nullable=True),
        sa.Column("alc_interest", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("shown_version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("blocked", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("writer", sa.String(), nullable=True),
        sa.Column("writer_until", sa.Float(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.CheckConstraint(
            "shown_version = version or due_at is not null or coalesce(blocked, '') = 'gone'",
            name="what_is_wrong_is_due",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "record_id"),
    )
    op.create_index("record_syncs_by_due", "record_sync", ["due_at"], unique=False)
