// The tables of a backend as Sequelize 6 makes them, and its logins: SWAN_OWNER owns
// the tables, SWAN_JOBS is the system.
'use strict';
const { Sequelize, DataTypes } = require('sequelize');
const { Pool } = require('pg');

const connect = (user, max = 8) => new Sequelize(process.env.PGDATABASE, user, '', {
  host: process.env.PGHOST, port: process.env.PGPORT, dialect: 'postgres', logging: false, pool: { max },
});

// With options of a model for both, and with more columns of sessions.
function define(sequelize, options = {}, more = {}) {
  // Sequelize keeps the objects and writes into them: one for each column
  const id = () => ({ type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true });
  const person = () => ({ type: DataTypes.INTEGER, references: { model: 'users', key: 'id' } });
  const User = sequelize.define('User', {
    id: id(),
    firstName: { type: DataTypes.STRING, allowNull: false },
    lastName: { type: DataTypes.STRING, allowNull: false },
    email: { type: DataTypes.STRING, allowNull: false, unique: true },
    role: { type: DataTypes.ENUM('client', 'trainer', 'admin'), allowNull: false, defaultValue: 'client' },
    availableSessions: { type: DataTypes.INTEGER, defaultValue: 0 },
  }, { tableName: 'users', ...options });
  const Session = sequelize.define('Session', {
    id: id(),
    userId: person(),
    trainerId: person(),
    status: {
      type: DataTypes.ENUM('available', 'scheduled', 'confirmed', 'completed', 'cancelled'),
      defaultValue: 'available',
    },
    sessionDate: DataTypes.DATE,
    bookedAt: DataTypes.DATE,
    duration: { type: DataTypes.INTEGER, defaultValue: 60 },
    notes: DataTypes.TEXT,
    sessionDeducted: { type: DataTypes.BOOLEAN, defaultValue: false },
    confirmed: { type: DataTypes.BOOLEAN, defaultValue: false },
    ...more,
  }, { tableName: 'sessions', ...options });
  return { User, Session };
}

const jobsPool = () => new Pool({ user: process.env.SWAN_JOBS });

module.exports = { connect, define, jobsPool };
