"""The people and companies of the demo. All are invented, except the name of the first person.

Phone numbers are from the ranges that regulators reserve for films and examples (Ofcom, FCC, Bundesnetzagentur, Arcep,
ACMA, PTS), and common placeholders for other countries. mock_alc decides a lead by the last digit of its number, so all
outcomes occur; the number of the first person ends in neither 8 nor 9, so that lead succeeds.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SeedCompany:
    """One company of the seed."""

    slug: str
    name: str
    category: str
    employees: str
    location: str
    description: str


@dataclass(frozen=True)
class SeedPerson:
    """One person of the seed. `name` is "Last, First" or None."""

    emails: list[str]
    name: str | None = None
    job_title: str | None = None
    company: str | None = None
    location: str | None = None
    phones: list[str] = field(default_factory=list)


COMPANIES = [
    SeedCompany("analytical", "Analytical Works", "Software", "11-50", "London, GB", "Engines that weave numbers."),
    SeedCompany(
        "tidewater",
        "Tidewater Freight",
        "Logistics",
        "251-1K",
        "New York, New York, US",
        "Ships what floats.",
    ),
    SeedCompany("kestrel", "Kestrel Robotics", "Manufacturing", "51-250", "Berlin, DE", "Small hands for big plants."),
    SeedCompany("verdier", "Maison Verdier", "Retail", "11-50", "Paris, FR", "Paper and ink since 1921."),
    SeedCompany("saffron", "Saffron Grid", "Energy", "1K-5K", "Bengaluru, Karnataka, IN", "Rooftops that pay rent."),
    SeedCompany("jacaranda", "Jacaranda Saúde", "Healthcare", "51-250", "São Paulo, BR", "Clinics on the bus line."),
    SeedCompany("hoshino", "Hoshino Instruments", "Manufacturing", "251-1K", "Osaka, JP", "Scales for a single hair."),
    SeedCompany("palmwine", "Palmwine Media", "Media", "1-10", "Lagos, NG", "Podcasts that stay up late."),
]

PEOPLE = [
    SeedPerson(
        ["ada@example.com"],
        "Lovelace, Ada",
        "Head of Analysis",
        "analytical",
        "London, GB",
        ["+442079460142"],
    ),
    SeedPerson(
        ["mateo.quispe@example.com"],
        "Quispe, Mateo",
        "VP Operations",
        "tidewater",
        "New York, New York, US",
        ["+12125550167"],
    ),
    SeedPerson(
        ["i.falkenberg@example.org"],
        "Falkenberg, Ingrid",
        "Plant Director",
        "kestrel",
        "Berlin, DE",
        ["+493023125118"],
    ),
    SeedPerson(["noemie@example.com"], "Verdier, Noémie", "Owner", "verdier", "Paris, FR", ["+33199001253"]),
    SeedPerson(
        ["arjun.raghavan@example.com", "arjun@example.org"],
        "Raghavan, Arjun",
        "Procurement Lead",
        "saffron",
        "Bengaluru, Karnataka, IN",
        ["+919876543210"],
    ),
    SeedPerson(
        ["beatriz.alencar@example.com"],
        "Alencar, Beatriz",
        "Chief Medical Officer",
        "jacaranda",
        "São Paulo, BR",
        ["+5511961234567"],
    ),
    SeedPerson(
        ["haruka.hoshino@example.com"],
        "Hoshino, Haruka",
        "Managing Director",
        "hoshino",
        "Osaka, JP",
        ["+819012345678"],
    ),
    SeedPerson(["chidera@example.org"], "Okonjo, Chidera", "Producer", "palmwine", "Lagos, NG", ["+2348031234567"]),
    SeedPerson(
        ["siobhan.keane@example.com"],
        "Keane, Siobhán",
        "Regional Manager",
        "analytical",
        "Edinburgh, GB",
        ["+441314960119", "+441614960171"],
    ),
    SeedPerson(["oksana.h@example.org"], "Hrytsenko, Oksana", "Data Engineer", "kestrel", "Leipzig, DE"),
    SeedPerson(
        ["amara.dr@example.com"],
        "Diallo-Reyes, Amara",
        "Fleet Planner",
        "tidewater",
        "Chicago, Illinois, US",
        ["+13125550176", "+14155550129", "+12025550143"],
    ),
    SeedPerson(
        ["lindiwe.mokoena@example.com"],
        "Mokoena, Lindiwe",
        "Consultant",
        None,
        "Durban, ZA",
        ["+27821234567"],
    ),
    SeedPerson(["freja.lindqvist@example.org"], "Lindqvist, Freja", "Designer", None, "Malmö, SE", ["+46701740605"]),
    SeedPerson(["kiri.tamahori@example.com"], "Tamahori, Kiri", "Buyer", "saffron", "Hobart, AU", ["+61491570156"]),
    SeedPerson(["priya.nambiar@example.com"], "Nambiar, Priya", "Finance Partner", "saffron", "Kochi, Kerala, IN"),
    SeedPerson(["yusuf.demirel@example.org"], "Demirel, Yusuf", "Archivist", "palmwine"),
    SeedPerson(["enquiries@example.org"], phones=["+441214960158"]),
    SeedPerson(["front-desk@example.com"]),
    SeedPerson(
        ["mj.echeverria@example.com"],
        "Echeverría, María José",
        "Head of Retail",
        "verdier",
        "Bilbao, ES",
        ["+34600123456"],
    ),
    SeedPerson(
        ["weiling.tan@example.com"],
        "Tan, Wei Ling",
        "Quality Lead",
        "hoshino",
        "Singapore, SG",
        ["+6591234567"],
    ),
    SeedPerson(["rosa.giordano@example.org"], "Giordano, Rosa", "Notary", None, "Rome, IT", ["+390612345678"]),
    SeedPerson(
        ["sam.okafor-birch@example.com"],
        "Okafor-Birch, Sam",
        "Dock Manager",
        "tidewater",
        "Toronto, Ontario, CA",
        ["+14165550188"],
    ),
    SeedPerson(
        ["eero.salonen@example.com"],
        "Salonen, Eero",
        "Field Engineer",
        "kestrel",
        "Oulu, FI",
        ["+358445557123"],
    ),
    SeedPerson(
        ["thandeka.botha@example.org"],
        "Botha, Thandeka",
        "Nurse Educator",
        "jacaranda",
        "Recife, Pernambuco, BR",
        ["+5581961234560"],
    ),
    SeedPerson(["cassius.bell@example.com"], "Bell, Cassius", "Poet", None, "Leeds, GB", ["+441134960123"]),
]
