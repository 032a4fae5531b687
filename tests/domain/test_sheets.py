"""Files of drivers, warehouses and routes: what they say, and every fault by its line (R12.1, PRODUCT)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.importing.sheets import (
    DriverLine,
    Fault,
    RouteLine,
    Sheet,
    SheetKind,
    WarehouseLine,
    What,
    read_sheet,
    weekdays_of,
)
from tests.domain.world import POLICY

EVERY = tuple(range(7))


def read(*lines: str) -> Sheet | tuple[Fault, ...]:
    """With its lines' faults, if there are any, in the place of the table."""
    found = read_sheet("\r\n".join(lines), POLICY)
    faults = found.faults if isinstance(found, Sheet) else ()
    return tuple(sorted(faults, key=lambda fault: fault.line)) or found


def faults(*lines: str) -> list[tuple[int, What]]:
    found = read(*lines)
    assert not isinstance(found, Sheet), found
    return [(fault.line, fault.what) for fault in found]


@pytest.mark.parametrize(
    "lines",
    [
        ("First name,Last name,Phone,Warehouse", "Amara,Osei,416 555 0101,North"),
        ("phone;WAREHOUSE;last_name;first-name", "(416) 555-0101;North;Osei;Amara"),
        ("Prénom;Nom;Téléphone;Entrepôt", "Amara;Osei;+1 416 555 0101;North"),
        ("Nom complet\tCellulaire\tDépôt", "Amara Osei\t14165550101\tNorth"),
        ("name,phone,home,remarks", '"Amara  Osei",416.555.0101," North ",vegetarian'),
        ("", ' "name" , phone , warehouse ', "", "Amara Osei,4165550101,North", ",,", ""),
    ],
)
def test_r12_1_drivers_however_they_are_written(lines: tuple[str, ...]) -> None:
    sheet = read(*lines)
    assert isinstance(sheet, Sheet) and sheet.kind is SheetKind.DRIVERS
    [driver] = sheet.lines
    assert isinstance(driver, DriverLine)
    assert (driver.first_name, driver.last_name, driver.phone, driver.warehouse) == (
        "Amara",
        "Osei",
        "+14165550101",
        "North",
    )
    assert (driver.language, driver.days, driver.routes, driver.any_route) == (None, (), (), False)


def test_r3_1_what_a_driver_prefers_may_be_in_the_file() -> None:
    sheet = read(
        "name,phone,warehouse,langue,jours,routes",
        "Amara Osei,4165550101,North,Français,lun-mer sam,R1|R12",
        'Luc Roy,4165550102,North,English,"fri, sat - sun",any',
        "Mei Chen,4165550103,North,,all,R1/R1/any",
    )
    assert isinstance(sheet, Sheet)
    found = [(d.language, d.days, d.routes, d.any_route) for d in sheet.lines if isinstance(d, DriverLine)]
    assert found == [
        ("fr", (1, 2, 3, 6), ("R1", "R12"), False),
        ("en", (0, 5, 6), (), True),
        (None, EVERY, ("R1",), True),
    ]


def test_r12_5_warehouses_and_routes_are_told_by_their_columns() -> None:
    sheet = read("Entrepôt;Adresse", 'North;"1200 Steeles Ave W, Toronto"')
    assert sheet == Sheet(SheetKind.WAREHOUSES, (WarehouseLine(2, "North", "1200 Steeles Ave W, Toronto"),))
    assert read("name,address", "North,1 St") == Sheet(SheetKind.WAREHOUSES, (WarehouseLine(2, "North", "1 St"),))
    sheet = read("route,warehouse,days", "R1,North,", "R2,North,mon-fri", "R3,South,tous")
    assert sheet == Sheet(
        SheetKind.ROUTES,
        (
            RouteLine(2, "R1", "North", EVERY),
            RouteLine(3, "R2", "North", (1, 2, 3, 4, 5)),
            RouteLine(4, "R3", "South", EVERY),
        ),
    )
    assert isinstance(read("nom;entrepôt", "R1;North"), Sheet)


def test_every_fault_is_told_by_its_line() -> None:
    header = "first name,last name,phone,warehouse,language,days,routes"
    assert faults(
        header,
        "Amara,,416,North,,,",  # no last name, no number
        "Luc,Roy,4165550101,,klingon,someday,a|b|c|d",
        "Mei,Chen,416-555-0102,North,,,,,surplus",
        "Omar,Diaz,4165550103,North,,,",
        "Omar,Diaz,+1 416 555 0103,South,,,",
    ) == [
        (2, What.NAME),
        (2, What.PHONE),
        (3, What.WAREHOUSE_MISSING),
        (3, What.LANGUAGE),
        (3, What.DAYS),
        (3, What.ROUTES_MANY),
        (4, What.FIELDS),
        (6, What.PHONE_TWICE),
    ]
    found = read(header, "A,B,4165550103,N", "C,D,4165550103,N")
    assert found == (Fault(3, What.PHONE_TWICE, "+14165550103", 2),)
    assert faults("name,address", "x" * 41 + ",1 St", "North,", "South,2 St", "SOUTH,3 St") == [
        (2, What.NAME),
        (3, What.ADDRESS),
        (5, What.NAME_TWICE),
    ]
    assert faults("route,warehouse", "R1,North", "r1,NORTH", "R1,South", ",North", "R2,") == [
        (3, What.NAME_TWICE),
        (5, What.NAME),
        (6, What.WAREHOUSE_MISSING),
    ]


def test_lines_keep_their_numbers_whatever_stands_between_them() -> None:
    """Blank lines and line breaks within quotation marks count as an editor counts them."""
    assert faults("name,phone,warehouse", "", '"Amara', 'Osei",4165550101,North', "", "Luc Roy,12,North") == [
        (6, What.PHONE)
    ]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ((), Fault(0, What.EMPTY)),
        (("name,phone,warehouse", " , ,"), Fault(0, What.EMPTY)),
        (("name,phone", "A B,4165550101"), Fault(1, What.COLUMNS, "name, phone")),
        (("hello", "world"), Fault(1, What.COLUMNS, "hello")),
        (("phone,phone,name,warehouse", "1,2,3,4"), Fault(1, What.COLUMNS, "phone, phone, name, warehouse")),
        (("first name,phone,warehouse", "A,4165550101,N"), Fault(1, What.COLUMNS, "first name, phone, warehouse")),
        (("name,phone,warehouse", '"A B,4165550101,North', "x"), Fault(2, What.NOT_A_TABLE)),
    ],
)
def test_what_is_no_such_file_says_so(lines: tuple[str, ...], fault: Fault) -> None:
    assert read(*lines) == (fault,)


def test_a_file_has_so_many_lines_at_most() -> None:
    most = POLICY.import_lines_most
    lines = [f"R{number},North" for number in range(most)]
    assert isinstance(read("route,warehouse", *lines), Sheet)
    assert read("route,warehouse", *lines, "one,more") == (Fault(0, What.TOO_MANY, str(most + 1)),)


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("mon", (1,)),
        ("Sat-Mon", (0, 1, 6)),
        ("lundi au", None),
        ("dim. sam.", (0, 6)),
        ("Mercredi/JEUDI", (3, 4)),
        ("mon-wed-fri", None),
        ("-", None),
        ("  ", None),
        ("1,2", None),
        ("daily", EVERY),
        ("tue–thu", (2, 3, 4)),
    ],
)
def test_weekdays_as_people_write_them(written: str, days: tuple[int, ...] | None) -> None:
    assert weekdays_of(written) == days


@given(st.text(alphabet=st.sampled_from('phone,name;warehouse\n\r"\t\x00é416-555')))
def test_whatever_is_in_a_file_it_is_read_or_refused(text: str) -> None:
    for header in ("", "name,phone,warehouse\n", "route;warehouse\n", "name,address\n"):
        found = read_sheet(header + text, POLICY)
        assert isinstance(found, Sheet) or found
