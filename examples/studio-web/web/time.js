// Times as the studio's clocks show them, wherever the browser is. A day is 'YYYY-MM-DD', a time of day 'HH:MM'.

let zone = 'UTC', formats = {}, changes = {};

export function setZone(name) {
  zone = name;
  formats = {};
  changes = {};
}

export const zoneName = () => zone;

const SHAPES = {
  parts: { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  time: { hour: 'numeric', minute: '2-digit' },
  timeAndZone: { hour: 'numeric', minute: '2-digit', timeZoneName: 'short' },
  date: { weekday: 'short', month: 'short', day: 'numeric' },
  dateAndYear: { year: 'numeric', month: 'short', day: 'numeric' },
  short: { month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' },
  moment: { weekday: 'short', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' },
};

const format = (shape) => formats[shape] ??= new Intl.DateTimeFormat(shape === 'parts' ? 'en-CA' : 'en-US', { ...SHAPES[shape], timeZone: zone });
const show = (shape, at) => format(shape).format(new Date(at));

export const showTime = (at) => show('time', at);
export const showTimeAndZone = (at) => show('timeAndZone', at);
export const showDate = (at) => show('date', at);
export const showDateAndYear = (at) => show('dateAndYear', at);
export const showShort = (at) => show('short', at);
export const showMoment = (at) => show('moment', at);

// The studio's day and time of day at a moment.
export function wall(at) {
  const { year, month, day, hour, minute } = Object.fromEntries(format('parts').formatToParts(new Date(at)).map(({ type, value }) => [type, value]));
  return { day: `${year}-${month}-${day}`, time: `${hour}:${minute}`, hour: Number(hour) };
}

export const today = () => wall(Date.now()).day;

// A day is counted in UTC, where each has 24 hours.
const count = (day) => Date.parse(`${day}T00:00Z`);
export const addDays = (day, n) => new Date(count(day) + n * 86400e3).toISOString().slice(0, 10);
export const weekOf = (day) => addDays(day, -((new Date(count(day)).getUTCDay() + 6) % 7));     // its Monday
const inUtc = (day, options) => new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' }).format(count(day));
export const showDay = (day) => inUtc(day, { weekday: 'short', month: 'short', day: 'numeric' });
export const showDayLong = (day) => inUtc(day, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' });
export const showMonth = (month) => inUtc(`${month}-01`, { month: 'short', year: '2-digit' });
export const showHour = (hour) => inUtc('2000-01-01', { hour: 'numeric' }).replace(/\d+/, hour % 12 || 12).replace(/[AP]M/, hour < 12 ? 'AM' : 'PM');

// How far the studio's clocks are from UTC, and when a day begins by them.
const offset = (at) => {
  const { day, time } = wall(at);
  return Date.parse(`${day}T${time}Z`) - at;
};
const midnight = (day) => count(day) - offset(count(day) - offset(count(day)));

// Whether the clocks change on a day: then a time may be there twice, and has to say of which zone it is.
export const clocksChange = (day) => changes[day] ??= offset(midnight(day)) !== offset(midnight(addDays(day, 1)));
