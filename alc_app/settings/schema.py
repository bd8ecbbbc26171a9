"""The settings of a workspace. Each is None until a user sets it; values.py has the defaults."""

from alc_app.attio.settings import Schema, define_workspace_schema

schema = define_workspace_schema(
    {
        "send_new_people": Schema.boolean(),
        "add_unknown_prospects": Schema.boolean(),
        "days_to_wait": Schema.number(),
        "strict_removal": Schema.boolean(),
    }
)
