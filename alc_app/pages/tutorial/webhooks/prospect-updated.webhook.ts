import {ATTIO_API_TOKEN} from "attio/server"

type WebhookBody = {
  event: "prospect_updated"
  data: {
    prospectId: string
    prospectName: string
    prospectEmail: string
  }
}

export default async function handleProspectUpdate(req: Request) {
  const body: WebhookBody = await req.json()

  const {prospectEmail, prospectName} = body.data

  // ℹ️ Assert endpoint will update Attio record details
  // or create a new record if it doesn't exist
  try {
    const response = await fetch("`/objects/people/records?matching_attributes=email_addresses", {
      method: "PUT",
      headers: {
        "Content-Type": "application/json",
        Authorization: `Bearer ${ATTIO_API_TOKEN}`,
      },
      body: JSON.stringify({
        data: {
          name: {
            full_name: prospectName,
          },
          email_addresses: [
            {
              email: prospectEmail,
            },
          ],
        },
      }),
    })

    if (!response.ok) {
      return new Response(null, {status: 500})
    }

    return new Response(null, {status: 200})
  } catch (error) {
    console.error(error)
    return new Response(null, {status: 500})
  }
}
