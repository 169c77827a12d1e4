/** What bash evaluates to complete `ks`: every answer comes from `ks __complete`. */
export const bashScript = `_ks_completion() {
  local IFS=$'\\n'
  COMPREPLY=($(ks __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _ks_completion ks
`;
