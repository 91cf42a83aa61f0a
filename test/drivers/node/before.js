// The routes of a backend that knows nothing of swanalloc: they read, check and save.
'use strict';

module.exports = function before({ sequelize, User, Session }) {
  const protect = () => {};
  const routes = {};
  const router = { post: (path, ...handlers) => { routes[path] = handlers; } };

  router.post('/book/:userId', protect, async (req, res) => {
    const { userId } = req.params;
    const { sessionId } = req.body;
    if (req.user.id.toString() !== userId && req.user.role !== 'admin') {
      return res.status(403).json({ message: 'You can only book sessions for yourself.' });
    }
    const session = await Session.findOne({ where: { id: sessionId, status: 'available' } });
    if (!session) return res.status(400).json({ message: 'Session is not available for booking.' });
    const user = await User.findByPk(userId);
    if (!user) return res.status(404).json({ message: 'User not found.' });
    if (req.user.role !== 'admin' && (!user.availableSessions || user.availableSessions <= 0)) {
      return res.status(400).json({
        message: 'No available sessions. Please purchase a session package to book this session.',
        availableSessions: user.availableSessions || 0
      });
    }
    session.userId = userId;
    session.status = 'scheduled';
    session.bookedAt = new Date();
    await session.save();
    if (req.user.role !== 'admin') {
      user.availableSessions -= 1;
      await user.save();
    }
    // notifications
    res.json({ message: 'Session booked successfully.', session });
  });

  async function addSessionsToUser(userId, sessionCount, reason = 'Admin added', adminUserId = null) {
    const user = await User.findByPk(userId);
    if (!user) throw new Error(`User ${userId} not found`);
    user.availableSessions = (user.availableSessions || 0) + sessionCount;
    await user.save();
    const sessionsToCreate = [];
    for (let i = 0; i < sessionCount; i++) {
      sessionsToCreate.push({
        userId: user.id, trainerId: null, status: 'available', duration: 60,
        notes: `${reason} - Session ${i + 1}`, sessionDate: null, sessionDeducted: false, confirmed: false
      });
    }
    const createdSessions = await Session.bulkCreate(sessionsToCreate, { returning: true });
    return {
      success: true, added: createdSessions.length, availableSessions: user.availableSessions, sessions: createdSessions,
      message: `Successfully added ${createdSessions.length} sessions to ${user.firstName} ${user.lastName}. Total available: ${user.availableSessions}`
    };
  }

  async function webhook(sessionCount, userId) {
    await sequelize.query('UPDATE users SET "availableSessions" = "availableSessions" + ? WHERE id = ?',
      { replacements: [sessionCount, userId] });
  }

  async function getUserSessionSummary(userId) {
    const user = await User.findByPk(userId);
    if (!user) throw new Error(`User ${userId} not found`);
    const summary = await Session.findAll({
      attributes: ['status', [sequelize.fn('COUNT', sequelize.col('status')), 'count']],
      where: { userId }, group: ['status'], raw: true
    });
    const result = { userId, available: user.availableSessions || 0, scheduled: 0, completed: 0, cancelled: 0, total: 0 };
    summary.forEach((item) => { if (item.status !== 'available') result[item.status] = parseInt(item.count); });
    result.total = result.available + result.scheduled + result.completed + result.cancelled;
    return result;
  }

  return { ...routes, addSessionsToUser, webhook, getUserSessionSummary };
};
