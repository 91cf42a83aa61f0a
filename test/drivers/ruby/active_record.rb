# A backend of Rails': tables as its migrations make them, attached, with its own saves
# beside until the guards refuse them.
require 'active_record'
require 'json'

def step(name)
  yield
  puts "ok - #{name}"
rescue StandardError, ScriptError => e
  puts "not ok - #{name}"
  puts "#{e.class}: #{e.message}\n#{e.backtrace.first(5).join("\n")}".gsub(/^/, '# ')
end

def same(got, wanted)
  raise "#{got.inspect} instead of #{wanted.inspect}" unless got == wanted
end

# Returns the SQLSTATE that something fails with, or another field of the error.
def refused(field = PG::Result::PG_DIAG_SQLSTATE)
  ActiveRecord::Base.transaction { yield }
  raise 'it was not refused'
rescue ActiveRecord::StatementInvalid => e
  e.cause.result.error_field(field)
end

ActiveRecord::Base.establish_connection(adapter: 'postgresql', host: ENV['PGHOST'], port: ENV['PGPORT'], database: ENV['PGDATABASE'], username: ENV['PGUSER'])
ActiveRecord::Migration.verbose = false

class CreateStudio < ActiveRecord::Migration[6.1]
  def change
    create_table :members do |t|
      t.string :first_name
      t.string :last_name
      t.string :email, null: false, index: { unique: true }
      t.string :role, null: false, default: 'client'
      t.integer :credit_balance, null: false, default: 0
      t.datetime :discarded_at
      t.timestamps
    end
    create_table :bookings do |t|
      t.references :member, foreign_key: true
      t.references :trainer, foreign_key: { to_table: :members }
      t.string :status, null: false, default: 'available'
      t.datetime :starts_at, null: false
      t.datetime :finishes_at
      t.integer :duration, null: false, default: 60
      t.boolean :session_deducted, null: false, default: false
      t.text :notes
      t.timestamps
    end
  end
end

class Member < ActiveRecord::Base; end
class Booking < ActiveRecord::Base
  belongs_to :member, optional: true
end

COLUMNS = { available_sessions: 'credit_balance', user_id: 'member_id', session_date: 'starts_at', ends_at: 'finishes_at',
            'users.deleted_at': 'discarded_at', time_zone: 'UTC', old_bookings: 'flag' }.freeze

def query(sql, *args)
  ActiveRecord::Base.connection.select_rows(ActiveRecord::Base.sanitize_sql([sql, *args]))
end

def save_booking(member, slot)
  ActiveRecord::Base.transaction do
    member.update!(credit_balance: member.credit_balance - 1)
    slot.update!(member: member, status: 'scheduled', session_deducted: true)
  end
end

step 'Rails: its migrations make the tables' do
  CreateStudio.migrate(:up)
  tom = Member.create!(first_name: 'Tom', last_name: 'Reed', email: 'tom@example.com', role: 'trainer')
  Member.create!(first_name: 'John', last_name: 'Doe', email: 'john@example.com', credit_balance: 5)
  Member.create!(first_name: 'Jane', last_name: 'Roe', email: 'jane@example.com', credit_balance: 3)
  Member.create!(first_name: 'Gone', email: 'gone@example.com', credit_balance: 1, discarded_at: Time.now)
  (1..8).each do |day|
    at = Time.utc(2099, 6, day, 9)
    Booking.create!(trainer_id: tom.id, starts_at: at, finishes_at: at + 3600)
  end
  save_booking(Member.find_by!(first_name: 'Jane'), Booking.find(8))
end

step 'Rails: what is called otherwise is proposed, times without a zone are asked for' do
  proposed = query("SELECT action FROM swan_attach('members', 'bookings', dry_run => true) WHERE action ~ 'perhaps'").flatten
  %w[credit_balance member_id starts_at finishes_at].each { |name| raise "#{name}: #{proposed}" unless proposed.any? { |a| a.include?("perhaps it is column #{name}:") } }
  asked = query("SELECT item FROM swan_attach('members', 'bookings', ?, dry_run => true) WHERE state = 'refused' ORDER BY 1", COLUMNS.except(:time_zone).to_json).flatten
  same asked, %w[sessions.created_at sessions.ends_at sessions.session_date sessions.updated_at users.created_at users.updated_at]
  found = query("SELECT item, state, action FROM swan_attach('members', 'bookings', ?, dry_run => true)", COLUMNS.to_json)
  same found.select { |_, state, _| state == 'refused' }, []
  same found.assoc('old_bookings').last, 'live bookings: 1; charged, one credit each: 1, free: 0'
  same found.select { |item, _, action| item == 'users.deleted_at' && action }.map(&:last), ['deleted rows, which are nobody: 1; credits in them, which nobody can spend: 1']
end

step 'Rails: attached and backfilled in the transaction of a migration, and its own saves are in the ledger' do
  Class.new(ActiveRecord::Migration[6.1]) do
    def up
      execute "UPDATE bookings SET notes = 'from before' WHERE id = 8"
      execute ActiveRecord::Base.sanitize_sql(["SELECT count(*) FROM swan_attach('members', 'bookings', ?)", COLUMNS.to_json])
      execute 'CALL swan_backfill()'
    end
  end.migrate(:up)
  john = Member.find_by!(first_name: 'John')
  save_booking(john, Booking.find(1))
  Booking.find(2).update!(member: john, status: 'scheduled')
  same query('SELECT kind, delta FROM swan_statement(?) LIMIT 2', john.id), [['external', 0], ['booking', -1]]
  same query('SELECT session_id FROM swan_verify()'), [[2]]
  same query('SELECT returned, available_sessions FROM swan_cancel(1)'), [[true, 5]]
  same query('SELECT returned, available_sessions FROM swan_cancel(8)'), [[true, 3]]
  moved = query("SELECT session_id FROM swan_move(3, '2099-06-20 15:00+00')")[0][0]
  same Booking.find(moved).finishes_at, Time.utc(2099, 6, 20, 16)
end

step 'Rails: settled, refused, and what is no booking is saved as before' do
  same query("SELECT check_name, session_id FROM swan_verify(as_if => 'refuse')"), [['unpaid_booking', 2]]
  query('SELECT swan_settle(2, false)')
  %w[guard_balance guard_sessions trainer_overlap].each { |setting| query("SELECT swan_configure(?, 'refuse')", setting) }
  john = Member.find_by!(first_name: 'John')
  same refused { save_booking(john.reload, Booking.find(4)) }, 'SW011'
  same refused { Booking.find(2).destroy! }, 'SW011'
  same refused { john.reload.update!(discarded_at: Time.now) }, 'SW011'
  Booking.find(5).destroy!
  Booking.create!(member: john, status: 'requested', starts_at: Time.utc(2099, 7, 1, 9))
  Booking.find(2).update!(notes: 'Bring shoes')
  Booking.find(2).touch
  john.reload.update!(last_name: 'Dough')
  same query('SELECT available_sessions FROM swan_book(?, 6)', john.id), [[4]]
  same Booking.find(6).session_deducted, true
  same query('SELECT * FROM swan_verify()'), []
end

step 'Rails: what an error says, ids that are numbers, nil and named values' do
  jane = Member.find_by!(first_name: 'Jane')
  book = 'SELECT session_id, user_id, available_sessions FROM swan_book(:user, :session, key => :key)'
  again = -> { query(book, { user: jane.id, session: 6, key: nil }) }
  same refused(&again), 'SW002'
  same JSON.parse(refused(PG::Result::PG_DIAG_MESSAGE_DETAIL, &again)).values_at('code', 'http'), ['SESSION_NOT_AVAILABLE', 400]
  2.times { same query(book, { user: jane.id, session: 7, key: 'a7f3' }), [[7, jane.id, 2]] }
end

puts 'done'
