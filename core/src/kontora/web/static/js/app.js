// The page's own script: every module listens by itself; nothing here is needed for reading.
import './menus.js';
import './dialogs.js';
import './toasts.js';
import './shell.js';
import './shortcuts.js';
import './times.js';
import './rows.js';
import './lookup.js';
import './drafts.js';
import './lists.js';
import './filters.js';
import './network.js';
