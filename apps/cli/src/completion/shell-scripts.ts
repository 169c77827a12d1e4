/** What bash evaluates to complete `ks`: every answer comes from `ks __complete`. */
const bash = `_ks_completion() {
  local IFS=$'\\n'
  COMPREPLY=($(ks __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _ks_completion ks
`;

const zsh = `_ks() {
  local -a candidates
  candidates=("\${(@f)$(ks __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=(\${candidates:#})
  if (( \${#candidates} )); then compadd -Q -a candidates; else _files; fi
}
if (( ! $+functions[compdef] )); then autoload -Uz compinit && compinit; fi
compdef _ks ks
`;

const fish = `function __ks_complete
  set -l words (commandline -opc) (commandline -ct)
  ks __complete -- $words[2..-1] 2>/dev/null
end
complete -c ks -a '(__ks_complete)'
`;

const powershell = `Register-ArgumentCompleter -Native -CommandName ks -ScriptBlock {
  param($word, $tree, $at)
  $words = @($tree.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $at } | ForEach-Object { $_.ToString() })
  & ks __complete -- @words $word 2>$null | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;

/** What each shell evaluates to complete `ks`: every answer comes from `ks __complete`. */
export const shellScripts = { bash, zsh, fish, powershell } as const;

/** A shell that can be completed in. */
export type Shell = keyof typeof shellScripts;
