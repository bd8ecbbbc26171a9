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
                description="Everybody who is added to the CRM with a phone number is sent to ALC, as if somebody had "
                "pressed “Send to ALC”. People who are in the CRM already are left alone.",
                value=send_new_people,
            )
        ],
    ),
    Section(
        "Prospects",
        [
            Toggle(
                "add_unknown_prospects",
                label="Add people whom ALC tells us of",
                description="ALC may learn of a person whom this app has not sent, because another app uses the same "
                "ALC account. Off, such a person is not written into this CRM.",
                value=add_unknown_prospects,
            )
        ],
    ),
    Section(
        "Workflows",
        [
            NumberInput(
                "days_to_wait",
                label="Wait for a verdict",
                description="After so long without a verdict, the step “Send to ALC and wait” ends as failed. Steps "
                "that wait already keep the time that they began with.",
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
                label="Stay connected until ALC has been told",
                description="When ALC cannot be reached, “Disconnect” then keeps the connection and says so. Off, the "
                "connection is removed at once, and ALC is tidied up as soon as it answers.",
                value=strict_removal,
            )
        ],
    ),
)
