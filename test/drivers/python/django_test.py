# A backend of Django's: tables as its migrations make them, attached, with its own
# saves beside until the guards refuse them.
import importlib
import os
import sys
import tempfile

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction, utils

from report import step

MODELS = '''
from django.db import models


class Person(models.Model):
    full_name = models.CharField(max_length=150)
    email = models.EmailField(unique=True)
    role = models.CharField(max_length=10, default="member")
    credits = models.PositiveIntegerField(default=0)
    newsletter = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)


class Appointment(models.Model):
    client = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="bookings")
    coach = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="slots")
    status = models.CharField(max_length=20, default="free")
    starts_at = models.DateTimeField()
    minutes = models.PositiveIntegerField(default=60)
    credits_used = models.IntegerField(null=True)
    place = models.CharField(max_length=40, default="Main")
    created_at = models.DateTimeField(auto_now_add=True)
'''
COLUMNS = """{"first_name": "full_name", "available_sessions": "credits", "user_id": "client_id", "trainer_id": "coach_id", "session_date": "starts_at",
    "duration": "minutes", "credits": "credits_used", "roles": {"member": "client", "coach": "trainer"},
    "statuses": {"free": "available", "asked": "requested", "taken": "scheduled"}, "old_bookings": "flag"}"""

place = tempfile.mkdtemp()
os.makedirs(os.path.join(place, "shop", "migrations"))
for name, text in (("__init__.py", ""), ("migrations/__init__.py", ""), ("models.py", MODELS)):
    with open(os.path.join(place, "shop", name), "w") as file:
        file.write(text)
sys.path.insert(0, place)
settings.configure(INSTALLED_APPS=["shop"], USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", DATABASES={"default": {
    "ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
    "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"]}})
django.setup()


def query(sql, *args):
    with connection.cursor() as cursor:
        cursor.execute(sql, args)
        return cursor.fetchall() if cursor.description else []


def refused(run):
    """Returns the SQLSTATE that something fails with."""
    try:
        with transaction.atomic():
            run()
    except utils.Error as error:
        return error.__cause__.diag.sqlstate
    raise AssertionError("it was not refused")


def models():
    return importlib.import_module("shop.models")


def look():
    return {(item, state): action for item, state, action in query(
        "SELECT item, state, action FROM swan_attach('shop_person', 'shop_appointment', %s, dry_run => true)", COLUMNS)}


def save_booking(client, slot, n):
    with transaction.atomic():
        client.credits -= n
        client.save()
        slot.client, slot.status, slot.credits_used = client, "taken", n
        slot.save()


def migrate():
    """Django: its migrations make the tables"""
    call_command("makemigrations", "shop", verbosity=0)
    call_command("migrate", verbosity=0)
    m = models()
    tom = m.Person.objects.create(full_name="Tom Reed", email="tom@example.com", role="coach")
    m.Person.objects.create(full_name="Ada King", email="ada@example.com", role="admin")
    for name, credits in (("John Doe", 5), ("Jane Roe", 3)):
        m.Person.objects.create(full_name=name, email=name[:4] + "@example.com", credits=credits)
    for day in range(1, 9):
        m.Appointment.objects.create(coach=tom, starts_at="2099-06-0%dT09:00:00Z" % day)
    save_booking(m.Person.objects.get(full_name="Jane Roe"), m.Appointment.objects.get(id=8), 2)


def dry_run():
    """Django: what it keeps to itself is named, and what is called otherwise proposed"""
    proposed = query("SELECT action FROM swan_attach('shop_person', 'shop_appointment', dry_run => true) WHERE action ~ 'perhaps'")
    for column in ("credits", "client_id", "coach_id", "starts_at", "minutes", "credits_used"):
        assert any('perhaps it is column %s:' % column in action for (action,) in proposed), (column, proposed)
    found = look()
    assert [item for item, state in found if state == "refused"] == ["sessions column place"], found
    assert "SET DEFAULT" in found["sessions column place", "refused"]
    query("ALTER TABLE shop_appointment ALTER place SET DEFAULT 'Main'")
    found = look()
    assert [item for item, state in found if state == "refused"] == [], found
    assert found["old_bookings", "flag"] == "live bookings: 1; charged: 1, together 2 credits, free: 0", found


def attach():
    """Django: attached, backfilled, and its own saves are in the ledger"""
    query("SELECT count(*) FROM swan_attach('shop_person', 'shop_appointment', %s)", COLUMNS)
    query("CALL swan_backfill()")
    m = models()
    john = m.Person.objects.get(full_name="John Doe")
    save_booking(john, m.Appointment.objects.get(id=1), 2)
    slot = m.Appointment.objects.get(id=2)
    slot.client, slot.status = john, "taken"
    slot.save()
    assert query("SELECT kind, delta FROM swan_statement(%s) LIMIT 2", john.id) == [("external", 0), ("booking", -2)]
    assert query("SELECT session_id FROM swan_verify()") == [(2,)]
    assert query("SELECT credits, available_sessions FROM swan_cancel(1)") == [(2, 5)]
    assert m.Appointment.objects.get(id=1).status == "cancelled"


def refuse():
    """Django: settled, refused, and what is no booking is saved as before"""
    assert query("SELECT check_name, session_id FROM swan_verify(as_if => 'refuse')") == [("unpaid_booking", 2)]
    assert query("SELECT credits, available_sessions FROM swan_settle(2, false)") == [(0, 5)]
    for setting in ("guard_balance", "guard_sessions", "trainer_overlap"):
        query("SELECT swan_configure(%s, 'refuse')", setting)
    m = models()
    john = m.Person.objects.get(full_name="John Doe")
    assert refused(lambda: save_booking(john, m.Appointment.objects.get(id=3), 1)) == "SW011"
    assert refused(lambda: m.Appointment.objects.get(id=2).delete()) == "SW011"
    john.credits = 100
    assert refused(lambda: john.save()) == "SW011"
    m.Appointment.objects.filter(id=4).delete()
    m.Appointment.objects.create(client=john, status="asked", starts_at="2099-07-01T09:00:00Z")
    m.Appointment.objects.filter(id=2).update(place="Small")
    m.Person.objects.filter(id=john.id).update(newsletter=False)
    assert query("SELECT credits, available_sessions FROM swan_book(%s, 5)", john.id) == [(1, 4)]
    slot = query("SELECT * FROM swan_open(%s, '2099-08-01 09:00+00')", m.Person.objects.get(role="coach").id)[0][0]
    assert m.Appointment.objects.get(id=slot).place == "Main"
    call_command("migrate", verbosity=0)
    assert query("SELECT * FROM swan_verify()") == []


for run in (migrate, dry_run, attach, refuse):
    step(run)
print("done")
