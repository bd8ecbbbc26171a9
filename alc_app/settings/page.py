"""The settings page: titles, help texts and order of the inputs."""

from alc_app.attio.settings_page import NumberInput, Section, Toggle, define_workspace_page
from alc_app.settings.schema import schema
from alc_app.settings.values import add_unknown_prospects, days_to_wait, send_new_people, strict_removal

page = define_workspace_page(
    schema,
    Section(
        "Sending",
        [
            Toggle(
                "send_new_people",
                label="Send new people automatically",
                description="Send every new person with a phone number to ALC, as “Send to ALC” does. This does not "
                "affect people who are already in the CRM.",
                value=send_new_people,
            )
        ],
    ),
    Section(
        "Prospects",
        [
            Toggle(
                "add_unknown_prospects",
                label="Add people reported by ALC",
                description="ALC may report a person whom this app did not send, for example if another app uses the "
                "same ALC account. When this is off, the app does not add that person to the CRM.",
                value=add_unknown_prospects,
            )
        ],
    ),
    Section(
        "Workflows",
        [
            NumberInput(
                "days_to_wait",
                label="Wait for a result",
                description="The step “Send to ALC and wait” fails after this time without a result. Steps that are "
                "already waiting keep their original time.",
                value=days_to_wait,
                min=1,
                max=90,
                unit="days",
            )
        ],
    ),
    Section(
        "Connection",
        [
            Toggle(
                "strict_removal",
                label="Stay connected until ALC confirms",
                description="If ALC cannot be reached, “Disconnect” keeps the connection and says so. When this is "
                "off, the app removes the connection at once and cleans up at ALC as soon as it answers.",
                value=strict_removal,
            )
        ],
    ),
)
