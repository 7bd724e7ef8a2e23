/** Words with which a sentence asks for work. */
export const IMPERATIVE =
  /^(?:please\s+)?(?:run|pull|move|kick|put|enable|disable|apply|change|add|install|patch|route|delete|remove|notify|start|purge|deploy|restart|reboot|drain|upgrade|verify|check|test|swap|point|mute|silence|rename|copy|rotate|allow|scale|stop|create|update|set|bring|take|send|post|announce|email|confirm|ensure|make|validate|open|close|switch|fail|back|restore|grant|execute|trigger|merge|migrate|import|export|tell|inform|page|call|wait|monitor|review|do|let|turn|roll|clean|clear|flush|sync|replace|configure|whitelist|unmute|log|ask|get|go|keep|hold|join|shut|lock|unlock|renew|failover|decommission|retire|destroy|reset|rebuild|resize|recycle|repoint|redirect|promote|rerun|prepare|clone|expand|shrink|compare|collect|reconnect|disconnect|attach|detach|archive|truncate|repair|recreate|reindex|revoke|register|increase|decrease|raise|lower|reload|refresh|unpark|unfreeze|fix|remind|watch)\b/i;

/** Words without a verb, as above the lines that they are about. */
export function looksLikeTitle(text: string): boolean {
  const plain = text.trim();
  return (
    plain.split(/\s+/).length <= 9 && /^[A-Z0-9]/.test(plain) && !/\b(?:needs?|must|should|will|please)\b/i.test(plain) && (!IMPERATIVE.test(plain) || /^\w+ of\b/.test(plain))
  );
}
